# Portcall.  `make lab` and `make check` do all set-up on Debian 12; the rest is in README.md.
#
# One Makefile, explicit lists, everything below build/.  V=1 shows the commands.
# SAN=address,undefined builds apart, with sanitizers; WERROR=1 makes warnings errors (CI).
#
#   make | make lab | make check | make check SAN=address,undefined | make check-interop | make lint
#   make fuzz T=radius SECS=60 | make bench | make install PREFIX=/usr/local DESTDIR= | make clean

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

# `all` is first; lab and check install what is missing before make looks at the rest, hence the second make
SUBMAKE = +$(Q)$(MAKE) $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

comma := ,
SAN ?=
FUZZING ?=
B := build$(if $(FUZZING),/fuzz,$(if $(SAN),/san-$(subst $(comma),-,$(SAN))))
DEPS := build/deps
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

CC ?= cc
CPPFLAGS := -D_GNU_SOURCE -Iinclude -I. $(if $(SAN),,-D_FORTIFY_SOURCE=2)
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wswitch-enum -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual \
	$(if $(WERROR),-Werror)
BASE_CFLAGS := -std=c11 -fPIC -fvisibility=hidden -fstack-protector-strong $(CFLAGS) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
	$(if $(FUZZING),-fsanitize=fuzzer-no-link)
LDFLAGS += $(if $(SAN),-fsanitize=$(SAN)) -Wl,-z,relro,-z,now

# --- libraries of Debian (asked for only when used) ---------------------------------------------

pkg = $(shell pkg-config $(1) $(2))
SSL_LIBS = $(call pkg,--libs,libssl libcrypto)
XML_LIBS = $(call pkg,--libs,libxml-2.0)
SHELL_LIBS = $(call pkg,--libs,libuv jansson libconfuse)
CURL_LIBS = $(call pkg,--libs,libcurl)
PCAP_LIBS = $(call pkg,--libs,libpcap)
TEST_LIBS = $(call pkg,--libs,cmocka)

# --- what there is ------------------------------------------------------------------------------

# of libportcall: no shell code in here
COMMON_LIB := bytes mac eap eapol reason pem text item item_name item_scan item_read credential credential_read anchor pkcs12 pkcs12_passphrase pkcs12_protection crl ocsp cert_policy cert_policy_single cert_text digest
# shells' common parts
COMMON_SHELL := log control conf
SUPPLICANT_LIB := supp_pae eap_peer eap_stored eap_engine tls_backend tls_resume tls_wire effects supplicant_config supplicant
PHONE := bringup provision option43 seal store store_file settings dhcp address_linux l2_linux fetch fetch_verify \
	phone phone_dot1x phone_net phone_items phone_crls phone_control main
# of the phone: what needs no interface, for the unit tests
PHONE_CORE := bringup provision option43 seal store store_file settings address_linux
SWITCH_CORE := auth_pae backend eap_pass radius radius_requests radius_client das das_request access \
	port port_run port_conversation fdb bridge offload
SWITCH_SHELL := link_netns link_packet link_watch link_admin link_udp link_das capture switch_conf events \
	engine engine_parts engine_admin engine_das control main
TOOLS := portcall options rfc3339 files items items_check items_report items_set item_edit item_scan item_value \
	cert cert_facts cert_ca cert_issue cert_plan cert_batch cert_csr cert_convert cert_show cert_selftest ca ca_crl csv progress \
	remote inventory inventory_edit inventory_tree radius_state pki pki_name pki_read pki_write lab lab_sandbox lab_net lab_process lab_files lab_pki lab_servers lab_watch \
	lab_observe lab_timeline lab_probe lab_capture lab_proof lab_cases lab_run
# the files that see FreeRADIUS's headers, then the others
MODULE_FR := rlm_portcall facts reply disconnect
MODULE := $(MODULE_FR) verdict inventory inventory_read inventory_fields inventory_device inventory_roles inventory_file json_pieces state state_file
# of the module and the tools: what knows neither FreeRADIUS nor a command line, for the unit tests
MODULE_CORE := verdict inventory inventory_read inventory_fields inventory_device inventory_roles inventory_file json_pieces state state_file
MODULE_COMMON := bytes mac reason
TOOLS_CORE := ca ca_crl csv pki pki_name pki_read pki_write item_edit item_scan item_value options rfc3339 files

obj = $(addprefix $(B)/obj/,$(addsuffix .o,$(1)))
COMMON_OBJ := $(call obj,$(addprefix common/,$(COMMON_LIB) $(COMMON_SHELL)))
LIB_OBJ := $(call obj,$(addprefix common/,$(COMMON_LIB)) $(addprefix supplicant/,$(SUPPLICANT_LIB)))
PHONE_OBJ := $(call obj,$(addprefix supplicant/,$(PHONE)))
SWITCH_CORE_OBJ := $(call obj,$(addprefix switch/,$(SWITCH_CORE)))
SWITCH_OBJ := $(call obj,$(addprefix switch/,$(SWITCH_SHELL)))
TOOLS_OBJ := $(call obj,$(addprefix tools/,$(TOOLS)))
PARTS_OBJ := $(call obj,$(addprefix radius-module/,$(MODULE_CORE)) $(addprefix tools/,$(TOOLS_CORE)) \
	$(addprefix supplicant/,$(PHONE_CORE)))
MODULE_OBJ := $(call obj,$(addprefix radius-module/,$(MODULE)) $(addprefix common/,$(MODULE_COMMON)))
UNIT := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
SCENARIO := $(patsubst tests/scenario/%.c,%,$(sort $(wildcard tests/scenario/test_*.c)))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

PROGRAMS := $(addprefix $(B)/bin/,portcall portcall-phone portcall-switch)
LIBRARIES := $(addprefix $(B)/lib/,libportcall.a libportcall.so rlm_portcall.so)

ifeq ($(filter-out all tests install,$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell command -v $(CC) >/dev/null && command -v pkg-config >/dev/null && echo yes),yes)
$(error A compiler or pkg-config is missing; `make setup` installs the packages, or tools/setup build lab test)
endif
endif

.PHONY: all
all: $(PROGRAMS) $(LIBRARIES)

# --- objects ------------------------------------------------------------------------------------

LIBEAP_FLAGS := -DIEEE8021X_EAPOL -DEAP_TLS -DCONFIG_NO_STDOUT_DEBUG -DCONFIG_NO_WPA_MSG \
	-I$(DEPS)/wpa/src -I$(DEPS)/wpa/src/utils

# other flags than last time: everything is compiled again
FLAGS := $(strip $(CC) $(BASE_CFLAGS) $(CPPFLAGS) $(LIBEAP_FLAGS))
ifneq ($(file <$(B)/.flags),$(FLAGS))
$(shell mkdir -p $(B))
$(file >$(B)/.flags,$(FLAGS))
endif

$(B)/obj/%.o: %.c $(B)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(WARN) $(CPPFLAGS) $(EXTRA_$*) -MMD -MP -c -o $@ $<

# what one file needs beyond the others, here and in lint
EXTRA_common/item_read = $(call pkg,--cflags,libxml-2.0)
EXTRA_tests/unit/test_item = $(EXTRA_common/item_read)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# --- libeap: the EAP peer of Debian's wpa source package ------------------------------------------
# docs/architecture.md says which files and why; tools/fetch-source brings the package.

WPA := $(DEPS)/wpa
LIBEAP := $(addprefix src/,eap_peer/eap eap_peer/eap_methods eap_peer/eap_tls eap_peer/eap_tls_common \
	eap_common/eap_common utils/common utils/wpabuf utils/os_unix)
LIBEAP_OBJ := $(addprefix $(B)/obj/libeap/,$(addsuffix .o,$(notdir $(LIBEAP))))

$(WPA)/.ready:
	$(Q)tools/fetch-source wpa $(WPA)

define libeap_rule
$(B)/obj/libeap/$(notdir $(1)).o: $(WPA)/.ready $(B)/.flags
	$$(call say,CC,libeap/$(notdir $(1)).c)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(BASE_CFLAGS) -w -std=gnu11 -D_GNU_SOURCE $(LIBEAP_FLAGS) -c -o $$@ $(WPA)/$(1).c
endef
$(foreach f,$(LIBEAP),$(eval $(call libeap_rule,$(f))))

# the files of ours that see libeap's headers
EXTRA_supplicant/eap_engine = $(patsubst -I%,-isystem %,$(LIBEAP_FLAGS))
EXTRA_supplicant/tls_backend = $(EXTRA_supplicant/eap_engine)
EXTRA_supplicant/tls_wire = $(EXTRA_supplicant/eap_engine)
$(call obj,supplicant/eap_engine supplicant/tls_backend supplicant/tls_wire): | $(WPA)/.ready

# --- libraries and programs -----------------------------------------------------------------------

$(B)/lib/libcommon.a: $(COMMON_OBJ)
$(B)/lib/libswitch.a: $(SWITCH_CORE_OBJ)
$(B)/lib/libparts.a: $(PARTS_OBJ)
# for the programs and tests of this tree, which see inside; libportcall.a is for others
$(B)/lib/libinside.a: $(LIB_OBJ) $(LIBEAP_OBJ)
$(B)/lib/%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && ar qcs $@ $^

# one object with portcall_* alone: no name of ours or libeap's meets one of the program's
$(B)/lib/libportcall.a: $(LIB_OBJ) $(LIBEAP_OBJ)
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -r -nostdlib -o $(B)/obj/libportcall.o $^
	$(Q)objcopy --localize-hidden $(B)/obj/libportcall.o
	$(Q)rm -f $@ && ar rcs $@ $(B)/obj/libportcall.o

$(B)/lib/libportcall.so: $(LIB_OBJ) $(LIBEAP_OBJ) supplicant/libportcall.map
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-soname,libportcall.so.0 -Wl,--version-script=supplicant/libportcall.map \
		$(LDFLAGS) -o $@ $(filter %.o,$^) $(SSL_LIBS) $(XML_LIBS)

$(B)/bin/portcall-phone: $(PHONE_OBJ) $(B)/lib/libinside.a $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SSL_LIBS) $(XML_LIBS) $(SHELL_LIBS) $(CURL_LIBS)

$(B)/bin/portcall-switch: $(SWITCH_OBJ) $(B)/lib/libswitch.a $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SSL_LIBS) $(SHELL_LIBS) $(PCAP_LIBS)

$(B)/bin/portcall: $(TOOLS_OBJ) $(B)/lib/libinside.a $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SSL_LIBS) $(XML_LIBS) $(SHELL_LIBS) $(PCAP_LIBS)

# --- the FreeRADIUS module: built against the installed server's version -----------------------------

FR := $(DEPS)/freeradius
FR_HEADERS := /usr/include
$(FR)/.ready:
	$(Q)tools/fetch-source freeradius $(FR)

$(foreach h,fr module,$(B)/lint/radius-module/$(h).h.alone): | $(FR)/.ready
FR_FLAGS = -DIS_MODULE=1 -isystem $(FR)/include -isystem $(FR_HEADERS) \
	-include freeradius/build.h -include freeradius/autoconf.h -include freeradius/features.h -include freeradius/radpaths.h
$(foreach f,fr module $(MODULE_FR),$(eval EXTRA_radius-module/$(f) = $$(FR_FLAGS)))
$(call obj,$(addprefix radius-module/,$(MODULE_FR))): | $(FR)/.ready

$(B)/lib/rlm_portcall.so: $(MODULE_OBJ)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared $(LDFLAGS) -o $@ $^ $(call pkg,--libs,jansson)

# --- tests --------------------------------------------------------------------------------------------
# Every program speaks TAP (cmocka does with CMOCKA_MESSAGE_OUTPUT=TAP); tests/run adds them up.

TEST_ARCHIVES := $(addprefix $(B)/lib/,libparts.a libswitch.a libinside.a libcommon.a)
TEST_LINK = $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(SSL_LIBS) $(XML_LIBS) $(SHELL_LIBS) $(PCAP_LIBS)
# files beside the test programs that are no test of their own are linked with each of them
UNIT_HELP := $(call obj,$(basename $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))))
EAP_SERVER := $(call obj,tests/scenario/eap_server tests/scenario/fixture)
SCENARIO_HELP := $(call obj,$(basename $(filter-out tests/scenario/test_%,$(wildcard tests/scenario/*.c))))

$(B)/test/%: $(B)/obj/tests/unit/%.o $(UNIT_HELP) $(TEST_ARCHIVES)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(TEST_LINK) $(TEST_LIBS)

$(B)/test/%: $(B)/obj/tests/scenario/%.o $(SCENARIO_HELP) $(TEST_ARCHIVES)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(TEST_LINK) $(TEST_LIBS)

comma_wrap = $(foreach f,$(1),-Wl$(comma)--wrap=$(f))
$(B)/test/test_memory: LDFLAGS += $(call comma_wrap,malloc calloc realloc strdup \
	$(addprefix portcall_supplicant_,new input link))

$(B)/test/test_store_cut: LDFLAGS += $(call comma_wrap,openat write fsync renameat unlinkat)

# a real EAP-TLS server answers the supplicant there
$(B)/test/replay_supplicant $(B)/bin/fuzz_supplicant: $(EAP_SERVER)

$(B)/test/replay_%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/tests/fuzz/replay.o $(TEST_ARCHIVES)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(TEST_LINK)

# the program of docs/embedding.md: only what is installed, as its reader would build it
$(B)/test/authenticate: docs/embedding/authenticate.c $(B)/lib/libportcall.a $(wildcard include/portcall/*.h)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(WARN) -D_GNU_SOURCE -Iinclude $(LDFLAGS) -o $@ $< $(B)/lib/libportcall.a $(SSL_LIBS) $(XML_LIBS)

# makes certificates for the system tests
$(B)/test/mkcerts: $(B)/obj/tests/system/mkcerts.o $(B)/lib/libparts.a $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SSL_LIBS)

# raw Ethernet frames for the system tests
$(B)/test/frame: $(B)/obj/tests/system/frame.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# what the bench measures with
$(B)/test/wire: $(B)/obj/tests/bench/wire.o $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(B)/test/handshakes: $(B)/obj/tests/bench/handshakes.o $(call obj,$(addprefix tests/scenario/,eap_server fixture)) $(TEST_ARCHIVES)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(TEST_LINK)

REPLAY := $(patsubst fuzz_%,%,$(FUZZ))
TEST_PROGRAMS := $(addprefix $(B)/test/,$(UNIT) $(SCENARIO) $(addprefix replay_,$(REPLAY)))
SYSTEM := $(sort $(wildcard tests/system/*.t))
INTEROP := $(sort $(wildcard tests/interop/*.t))

.PHONY: setup lab tests check check-interop bench bench-programs
setup:
	$(Q)tools/setup build lab test

lab:
	$(Q)tools/setup build lab
	$(SUBMAKE) all
	$(Q)build/bin/portcall lab $(LAB_ARGS)

tests: $(TEST_PROGRAMS) $(B)/test/mkcerts $(B)/test/frame $(B)/test/authenticate

check: setup
	$(SUBMAKE) $(if $(SAN),,all) tests
	$(Q)tests/run $(addprefix $(B)/test/,$(UNIT) $(SCENARIO)) \
		$(foreach r,$(REPLAY),$(B)/test/replay_$(r)=tests/fuzz/corpus/$(r)) $(if $(SAN),,$(SYSTEM))

check-interop:
	$(Q)tools/setup build lab test interop
	$(SUBMAKE) all $(B)/test/mkcerts
	$(Q)tests/run $(INTEROP)

bench-programs: all $(B)/test/mkcerts $(B)/test/wire $(B)/test/handshakes

bench:
	$(Q)tools/setup build lab bench
	$(SUBMAKE) bench-programs
	$(Q)tests/bench/run

# --- fuzzing: make fuzz T=eapol SECS=60; what it learns goes to build/fuzz/corpus ---------------------

SECS ?= 60
$(B)/bin/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(TEST_ARCHIVES)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(TEST_LINK) -fsanitize=fuzzer

.PHONY: fuzz
fuzz:
	$(Q)[ -n "$(T)" ] || { echo 'usage: make fuzz T=NAME SECS=60, NAME one of: $(REPLAY)'; exit 2; }
	$(Q)tools/setup build test fuzz
	$(SUBMAKE) CC=clang FUZZING=1 SAN=address,undefined build/fuzz/bin/fuzz_$(T)
	$(Q)mkdir -p build/fuzz/corpus/$(T)
	$(Q)build/fuzz/bin/fuzz_$(T) -max_total_time=$(SECS) -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 \
		-artifact_prefix=build/fuzz/ build/fuzz/corpus/$(T) tests/fuzz/corpus/$(T)

# --- lint -----------------------------------------------------------------------------------------------

LINT_C := $(sort $(foreach d,common include/portcall supplicant switch radius-module tools tests/unit tests/scenario tests/fuzz tests/bench docs/*,\
	$(wildcard $(d)/*.c $(d)/*.h)))
LINT_HEADERS := $(filter %.h,$(LINT_C))
LINT_TIDY := $(filter-out tests/%,$(filter %.c,$(LINT_C)))
LINT_SCRIPTS = $(shell grep -lE '^\#!.*(bash|/sh)|shellcheck shell=' -r tools configs tests .ci docs 2>/dev/null)

.PHONY: lint lint-rest
lint:
	$(Q)tools/setup build test lint
	$(SUBMAKE) -k lint-rest

lint-rest: lint-format lint-includes lint-length lint-shell lint-cppcheck \
	$(LINT_HEADERS:%=$(B)/lint/%.alone) $(LINT_TIDY:%.c=$(B)/lint/%.tidy)

.PHONY: lint-format lint-includes lint-length lint-shell lint-cppcheck
lint-format:
	$(call say,LINT,clang-format)
	$(Q)clang-format --dry-run -Werror $(LINT_C)

lint-includes:
	$(call say,LINT,includes)
	$(Q)tests/lint/includes.sh

lint-length:
	$(call say,LINT,length)
	$(Q)tests/lint/length.sh $(LINT_C) $(LINT_SCRIPTS)

lint-shell:
	$(call say,LINT,shellcheck)
	$(Q)shellcheck -x $(LINT_SCRIPTS)

lint-cppcheck:
	$(call say,LINT,cppcheck)
	$(Q)cppcheck -q --std=c11 --enable=warning,portability,performance --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppress=memleak --suppress=resourceLeak --suppress=nullPointerOutOfMemory -D_GNU_SOURCE '-DCC_HINT(x)=' \
		'-Djson_array_foreach(array,i,value)=while (((i)=next()),((value)=(array)[i]))' -Iinclude -I. $(LINT_TIDY)

# each header compiles alone
$(B)/lint/%.h.alone: %.h
	$(call say,LINT,$<)
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' '#include "$<"' 'extern int alone;' | \
		$(CC) $(BASE_CFLAGS) $(WARN) -Werror $(CPPFLAGS) $(EXTRA_$*) -x c -fsyntax-only -
	$(Q)touch $@

# the object first: its dependencies say when a header has changed
$(B)/lint/%.tidy: %.c $(B)/obj/%.o .clang-tidy
	$(call say,TIDY,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- -std=c11 $(CPPFLAGS) $(EXTRA_$*) 2>$@.log || { cat $@.log; exit 1; }
	$(Q)mv $@.log $@

# --- installation -----------------------------------------------------------------------------------------

PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/.*PORTCALL_VERSION "\(.*\)"/\1/p' common/version.h)
DEST = $(DESTDIR)$(PREFIX)

.PHONY: install
install: all
	install -d "$(DEST)/bin" "$(DEST)/lib/pkgconfig" "$(DEST)/lib/freeradius" "$(DEST)/include/portcall" "$(DEST)/share/portcall"
	install -m 755 $(PROGRAMS) "$(DEST)/bin"
	install -m 644 $(B)/lib/libportcall.a "$(DEST)/lib"
	install -m 755 $(B)/lib/libportcall.so "$(DEST)/lib/libportcall.so.0"
	ln -sf libportcall.so.0 "$(DEST)/lib/libportcall.so"
	install -m 755 $(B)/lib/rlm_portcall.so "$(DEST)/lib/freeradius"
	install -m 644 $(wildcard include/portcall/*.h) common/reason.def "$(DEST)/include/portcall"
	printf 'prefix=%s\nName: portcall\nDescription: wired 802.1X supplicant of IP phones\nVersion: %s\n%s\n%s\n%s\n%s\n' \
		'$(PREFIX)' '$(VERSION)' 'Requires.private: libssl libcrypto libxml-2.0' 'Cflags: -I$${prefix}/include' \
		'Libs: -L$${prefix}/lib -lportcall' 'Libs.private: -lpthread' >"$(DEST)/lib/pkgconfig/portcall.pc"
	cp -R configs/. "$(DEST)/share/portcall/"
	for page in $(wildcard docs/man/*.[158]); do \
		section=$${page##*.}; install -D -m 644 "$$page" "$(DEST)/share/man/man$$section/$${page##*/}"; done

.PHONY: clean
clean:
	rm -rf build/bin build/lib build/obj build/test build/lint build/fuzz build/test-logs build/san-* build/freeradius-backports build/bench.json build/.flags
