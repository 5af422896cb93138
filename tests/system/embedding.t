#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The program of docs/embedding.md, on the cable of portcall-switch, against real FreeRADIUS.
# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/switch.sh
. "$ROOT/tests/system/switch.sh"
need freeradius
[ -c /dev/net/tun ] || skip_all 'there is no /dev/net/tun'
MKCERTS=$BUILD/test/mkcerts
AUTHENTICATE=$BUILD/test/authenticate
[ -x "$AUTHENTICATE" ] || bail "$AUTHENTICATE is missing; run make tests"
export PORTCALL_PASSPHRASE='phone secret'

netns ports mgmt
mkdir certs radius
"$MKCERTS" certs <<'END' || bail 'mkcerts failed'
ca - cn=Test-CA
foreign - cn=Foreign-CA
radius ca cn=radius.test for=server
phone;ca;cn=phone1;for=client;p12=phone secret
rsaphone;ca;cn=phone2;for=client;key=rsa2048;p12=phone secret
expired;ca;cn=phone3;for=client;from=-7200;to=-3600;p12=phone secret
stranger;foreign;cn=phone4;for=client;p12=phone secret
END

# items CA PHONE: an items document
items() {
	printf '<ItemList>\n<Item name="radius-server-ca1">%s</Item>\n<Item name="802.1x-certificate">%s</Item>\n</ItemList>\n' \
		"$(cat "certs/$1.pem")" "$(cat "certs/$2.p12")"
}

# radius MIN MAX: FreeRADIUS with these TLS versions
radius() {
	cat >radius/radiusd.conf <<-END
		libdir = /usr/lib/freeradius
		dictdir = /usr/share/freeradius
		logdir = $SCRATCH/radius
		run_dir = $SCRATCH/radius
		security {
			reject_delay = 0
		}
		client switch {
			ipaddr = 127.0.0.1
			secret = testing123
		}
		modules {
			eap {
				default_eap_type = tls
				tls-config common {
					private_key_file = $SCRATCH/certs/radius.key
					certificate_file = $SCRATCH/certs/radius.pem
					ca_file = $SCRATCH/certs/ca.pem
					tls_min_version = "$1"
					tls_max_version = "$2"
				}
				tls {
					tls = common
				}
			}
		}
		server default {
			listen {
				type = auth
				ipaddr = 127.0.0.1
				port = 1812
			}
			authorize {
				eap
			}
			authenticate {
				eap
			}
			post-auth {
				update reply {
					&Tunnel-Type := VLAN
					&Tunnel-Medium-Type := IEEE-802
					&Tunnel-Private-Group-Id := "voice"
				}
			}
		}
	END
	rm -f freeradius.log
	start freeradius ip netns exec mgmt freeradius -f -d "$SCRATCH/radius" -l stdout
	wait_for 10 grep -q 'Ready to process requests' freeradius.log ||
		bail "freeradius does not start: $(cat freeradius.log)"
}

# authenticate CA PHONE: the reason's code; the port keeps its TAP for this long only
authenticate() {
	items "$1" "$2" >items.xml
	timeout 20 ip netns exec ports "$AUTHENTICATE" p1 items.xml >authenticate.out 2>&1
	echo $? >authenticate.status
	cut -d' ' -f1 authenticate.out
}

# The port sees the cable going when the program ends; wait until it has forgotten the phone.
unplugged() {
	wait_for 5 is_shown p1 link 0 || diag "the port still has a link"
}

ip -n ports tuntap add p1 mode tap
ip -n ports link set p1 up
{
	conf_head
	cat <<-END
		vlan voice { id = 20 }
		port p1 { quiet-period = 1 }
	END
} >switch.conf
start_switch switch.conf

for version in 1.2 1.3; do
	radius $version $version
	is "TLS $version, P-256: authenticated" "$(authenticate ca phone)" authenticated
	is '... and the program ends with 0' "$(cat authenticate.status)" 0
	unplugged
	is "TLS $version, RSA-2048: authenticated" "$(authenticate ca rsaphone)" authenticated
	unplugged
	is "TLS $version, another CA: the phone refuses the server" \
		"$(authenticate foreign phone)" server-unknown-ca
	is '... and the program ends with 1' "$(cat authenticate.status)" 1
	unplugged
	is "TLS $version, expired phone: rejected" "$(authenticate ca expired)" rejected
	unplugged
	is "TLS $version, phone of another CA: rejected" "$(authenticate ca stranger)" rejected
	unplugged
	ok 'FreeRADIUS is still alive' alive freeradius
	stop freeradius
done
ok 'the switch is still alive' alive switch
done_testing
