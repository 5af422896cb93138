#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 802.1X with others' software: wpa_supplicant, portcall-switch, FreeRADIUS.
# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/switch.sh
. "$ROOT/tests/system/switch.sh"
need freeradius wpa_supplicant wpa_cli tshark
MKCERTS=$BUILD/test/mkcerts
[ -x "$MKCERTS" ] || bail "$MKCERTS is missing; run make tests"

netns ports mgmt phone server
plug p1 phone
plug p2 server
ip -n phone addr add 10.77.20.5/24 dev e0
ip -n server addr add 10.77.20.1/24 dev e0
phone_mac=$(ip netns exec phone cat /sys/class/net/e0/address)
mkdir captures certs radius

# --- the RADIUS server --------------------------------------------------------------------------------

"$MKCERTS" certs <<'END' || bail 'mkcerts failed'
ca - cn=Test-CA
radius ca cn=radius.test for=server
phone ca cn=phone1 for=client
END
cat >radius/radiusd.conf <<END
libdir = /usr/lib/freeradius
dictdir = /usr/share/freeradius
logdir = $SCRATCH/radius
run_dir = $SCRATCH/radius
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
start_radius() {
	start freeradius ip netns exec mgmt freeradius -f -d "$SCRATCH/radius" -l stdout
	wait_for 10 grep -q 'Ready to process requests' freeradius.log ||
		bail "freeradius does not start: $(cat freeradius.log)"
}
start_radius

# --- the switch ---------------------------------------------------------------------------------------

{
	conf_head
	cat <<-END
		capture-dir = "$SCRATCH/captures"
		vlan voice { id = 20 }
		port p1 { quiet-period = 1 server-timeout = 3 }
		port p2 { mode = force-authorized vlan = voice }
	END
} >switch.conf
record server
start_switch switch.conf p1 p2

pad=000000000000000000000000000000000000
phone=${phone_mac//:/}
# The phone's frames: 0806 from its own address, 02:5b:...: from another one.
closed() {
	local before
	before=$(shown p1 counters.drop_unauthorized)
	inject phone "ffffffffffff${phone}08060001$pad$pad"
	wait_for 5 at_least p1 counters.drop_unauthorized $((before + 1))
}

ok 'the port begins closed' closed
is 'it has no VLAN' "$(shown p1 vlan)" null

# --- the supplicant -----------------------------------------------------------------------------------

cat >wpa.conf <<END
ctrl_interface=$SCRATCH/wpa
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
cli() {
	ip netns exec phone wpa_cli -p "$SCRATCH/wpa" -i e0 "$@"
}
reaches() {
	ip netns exec phone ping -c 1 -W 1 10.77.20.1
}

start wpa ip netns exec phone wpa_supplicant -Dwired -i e0 -c wpa.conf
ok 'wpa_supplicant opens the port with EAP-TLS' wait_for 20 is_shown p1 authorized 1
is 'it is the phone that is there' "$(shown p1 mac)" "$phone_mac"
is 'in the VLAN that the server named' "$(shown p1 vlan)" 20
is 'as the user of its certificate' "$(shown p1 user)" phone1
is 'authenticated' "$(shown p1 pae_state) $(shown p1 reason)" 'AUTHENTICATED port-authenticated'
like 'with a session id' "$(shown p1 session)" '^.{16}$'
ok 'it reaches the VLAN' wait_for 5 reaches
is 'the server accepted once' "$(ask '{"verb":"radius"}' | field servers.0.accepts)" 1
ok 'the grant is an event' grep -q "info port-granted port=p1 mac=$phone_mac vlan=20 session=.* user=phone1" switch.log

before=$(shown p1 counters.drop_source)
inject phone "ffffffffffff025b5b5b5b5b0806$pad$pad"
ok 'another station behind the open port is shut out' \
	wait_for 5 is_shown p1 counters.drop_source $((before + 1))
inject phone "ffffffffffff${phone}08060002$pad$pad"
ok 'the phone itself is not' wait_for 5 hears server "^e0 f{12}${phone}08060002"
is 'nothing of the other one arrived before' "$(heard server '025b5b5b5b5b')" 0

# --- re-authentication, logoff ------------------------------------------------------------------------

session=$(shown p1 session)
accepts() {
	[ "$(ask '{"verb":"radius"}' | field servers.0.accepts)" = "$1" ]
}
ask '{"verb":"reauth","port":"p1"}' >/dev/null
ok 're-authentication goes through' wait_for 10 accepts 2
ok 'the port stays open' wait_for 5 is_shown p1 pae_state AUTHENTICATED
is 'and never closed in between' "$(grep -c 'port-closed.*port=p1' switch.log)" 0

cli logoff >/dev/null
ok 'EAPOL-Logoff closes the port' wait_for 5 is_shown p1 authorized 0
is 'for that reason' "$(shown p1 reason)" port-logoff
not_ok 'the phone reaches nobody' reaches
ok 'its frames are dropped' closed
is 'its station is forgotten' "$(ask '{"verb":"fdb"}' | grep -c "$phone_mac")" 0
cli logon >/dev/null
ok 'logging on opens it again' wait_for 20 is_shown p1 authorized 1
ok 'it reaches the VLAN again' wait_for 5 reaches
not_ok 'in a session of its own' test "$(shown p1 session)" = "$session"

# --- link, RADIUS -------------------------------------------------------------------------------------

ip -n phone link set e0 down
ok 'a port that loses its link closes' wait_for 5 is_shown p1 authorized 0
is 'for that reason' "$(shown p1 reason)" port-link-down
ip -n phone link set e0 up
ok 'and opens when the phone is back' wait_for 20 is_shown p1 authorized 1

stop freeradius
ip -n phone link set e0 down
wait_for 5 is_shown p1 link 0
ip -n phone link set e0 up
ok 'without a RADIUS server the port stays closed' wait_for 20 is_shown p1 reason port-radius-timeout
is '... closed' "$(shown p1 authorized)" 0
sed -i 's/testing123/other-secret/' radius/radiusd.conf
start_radius
ok 'a server with another secret drops the requests' wait_for 20 \
	grep -q 'invalid Message-Authenticator' freeradius.log
is 'and the port is closed' "$(shown p1 authorized)" 0

stop wpa
stop freeradius
stop switch
is 'the switch ends' $? 0
is 'no secret is in its log' "$(grep -c testing123 switch.log)" 0

# --- the capture --------------------------------------------------------------------------------------

# nanoseconds of the first frame of p1 that matches
first() {
	tshark -r captures/p1.pcap -Y "$1" -T fields -e frame.time_epoch 2>/dev/null | head -1
}
success=$(first 'eap.code == 3')
data=$(first "icmp && eth.dst == $phone_mac")
ok 'the capture shows EAP-Success before the first answer from the VLAN' \
	awk -v a="$success" -v b="$data" 'BEGIN { exit !(a > 0 && b > 0 && a < b) }'

done_testing
