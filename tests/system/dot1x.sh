# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# dot1x.sh - FreeRADIUS and wpa_supplicant for the tests of portcall-switch; sourced after switch.sh.
#
# The server runs in `mgmt` and puts everybody who has a certificate of its CA into VLAN voice.

need freeradius wpa_supplicant wpa_cli
MKCERTS=$BUILD/test/mkcerts
[ -x "$MKCERTS" ] || bail "$MKCERTS is missing; run make tests"

# make_radius NAME PORT [MODULES [SECTIONS [POST-AUTH]]]: radiusd.conf in the folder NAME, listening on PORT;
# MODULES go into `modules`, SECTIONS into the server, POST-AUTH behind its VLAN.
make_radius() {
	mkdir -p "$1" certs
	[ -e certs/ca.pem ] || "$MKCERTS" certs <<-'END' || bail 'mkcerts failed'
		ca - cn=Test-CA
		radius ca cn=radius.test for=server
		phone ca cn=phone1 for=client
	END
	cat >"$1/radiusd.conf" <<-END
		libdir = /usr/lib/freeradius
		dictdir = /usr/share/freeradius
		logdir = $SCRATCH/$1
		run_dir = $SCRATCH/$1
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
				}
				tls {
					tls = common
				}
			}
			${3:-}
		}
		server default {
			listen {
				type = auth
				ipaddr = 127.0.0.1
				port = $2
			}
			${4:-}
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
				${5:-}
			}
		}
	END
}

# start_radius NAME
start_radius() {
	start "$1" ip netns exec mgmt freeradius -f -d "$SCRATCH/$1" -l stdout
	wait_for 10 grep -q 'Ready to process requests' "$1.log" ||
		bail "freeradius does not start: $(cat "$1.log")"
}

# start_wpa STATION: wpa_supplicant at e0 of STATION.
start_wpa() {
	cat >"$1.wpa.conf" <<-END
		ctrl_interface=$SCRATCH/$1.wpa
		ap_scan=0
		network={
			key_mgmt=IEEE8021X
			eap=TLS
			identity="phone1"
			ca_cert="$SCRATCH/certs/ca.pem"
			client_cert="$SCRATCH/certs/phone.pem"
			private_key="$SCRATCH/certs/phone.key"
			eapol_flags=0
		}
	END
	start "$1.wpa" ip netns exec "$1" wpa_supplicant -Dwired -i e0 -c "$1.wpa.conf"
}

# wpa STATION COMMAND...
wpa() {
	ip netns exec "$1" wpa_cli -p "$SCRATCH/$1.wpa" -i e0 "${@:2}"
}
