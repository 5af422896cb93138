# Portcall.  `make lab` and `make check` do all set-up on Debian 12; the rest is in README.md.
#
# One Makefile, explicit lists, everything below build/.  V=1 shows the commands.
# SAN=address,undefined builds apart, with sanitizers; WERROR=1 makes warnings errors (CI).

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

comma := ,
SAN ?=
B := build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
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
	$(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
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
COMMON_LIB := bytes mac eap eapol reason pem text item item_name item_read credential pkcs12 cert_policy cert_text digest
# shells' common parts
COMMON_SHELL := log control conf
SUPPLICANT_LIB := supp_pae eap_peer tls_backend supplicant
PHONE := store bringup dhcp fetch l2_linux main
SWITCH_CORE := auth_pae backend radius radius_client port fdb bridge
SWITCH_SHELL := link_packet offload capture control main
TOOLS := portcall remote inventory pki lab
MODULE := rlm_portcall verdict inventory
# of the module and the tools: what knows neither FreeRADIUS nor a command line, for the unit tests
MODULE_CORE := verdict inventory
MODULE_COMMON := bytes mac reason
TOOLS_CORE := pki

obj = $(addprefix $(B)/obj/,$(addsuffix .o,$(1)))
COMMON_OBJ := $(call obj,$(addprefix common/,$(COMMON_LIB) $(COMMON_SHELL)))
LIB_OBJ := $(call obj,$(addprefix common/,$(COMMON_LIB)) $(addprefix supplicant/,$(SUPPLICANT_LIB)))
PHONE_OBJ := $(call obj,$(addprefix supplicant/,$(PHONE)))
SWITCH_CORE_OBJ := $(call obj,$(addprefix switch/,$(SWITCH_CORE)))
SWITCH_OBJ := $(call obj,$(addprefix switch/,$(SWITCH_SHELL)))
TOOLS_OBJ := $(call obj,$(addprefix tools/,$(TOOLS)))
PARTS_OBJ := $(call obj,$(addprefix radius-module/,$(MODULE_CORE)) $(addprefix tools/,$(TOOLS_CORE)))
MODULE_OBJ := $(call obj,$(addprefix radius-module/,$(MODULE)) $(addprefix common/,$(MODULE_COMMON)))
UNIT := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
SCENARIO := $(patsubst tests/scenario/%.c,%,$(sort $(wildcard tests/scenario/test_*.c)))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

PROGRAMS := $(addprefix $(B)/bin/,portcall portcall-phone portcall-switch)
LIBRARIES := $(addprefix $(B)/lib/,libportcall.a libportcall.so rlm_portcall.so)

.PHONY: all
all: $(PROGRAMS) $(LIBRARIES)

# --- objects ------------------------------------------------------------------------------------

$(B)/obj/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(WARN) $(CPPFLAGS) $(EXTRA) -MMD -MP -c -o $@ $<

$(call obj,common/item_read): EXTRA = $(call pkg,--cflags,libxml-2.0)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# --- libeap: the EAP peer of Debian's wpa source package ------------------------------------------
# docs/architecture.md says which files and why; tools/fetch-source brings the package.

WPA := $(DEPS)/wpa
LIBEAP := $(addprefix src/,eap_peer/eap eap_peer/eap_methods eap_peer/eap_tls eap_peer/eap_tls_common \
	eap_common/eap_common utils/common utils/wpabuf utils/os_unix)
LIBEAP_OBJ := $(addprefix $(B)/obj/libeap/,$(addsuffix .o,$(notdir $(LIBEAP))))
LIBEAP_FLAGS := -DIEEE8021X_EAPOL -DEAP_TLS -DPKCS12_FUNCS -DCONFIG_SHA256 -DCONFIG_CTRL_IFACE \
	'-DTLS_DEFAULT_CIPHERS="DEFAULT"' -I$(WPA)/src -I$(WPA)/src/utils

$(WPA)/.ready:
	$(Q)tools/fetch-source wpa $(WPA)

define libeap_rule
$(B)/obj/libeap/$(notdir $(1)).o: $(WPA)/.ready
	$$(call say,CC,libeap/$(notdir $(1)).c)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(BASE_CFLAGS) -w -std=gnu11 -D_GNU_SOURCE $(LIBEAP_FLAGS) -c -o $$@ $(WPA)/$(1).c
endef
$(foreach f,$(LIBEAP),$(eval $(call libeap_rule,$(f))))

# the two files of ours that see libeap's headers
$(call obj,supplicant/eap_peer supplicant/tls_backend): EXTRA = $(patsubst -I%,-isystem %,$(LIBEAP_FLAGS))
$(call obj,supplicant/eap_peer supplicant/tls_backend): | $(WPA)/.ready

# --- libraries and programs -----------------------------------------------------------------------

$(B)/lib/libcommon.a: $(COMMON_OBJ)
$(B)/lib/libswitch.a: $(SWITCH_CORE_OBJ)
$(B)/lib/libparts.a: $(PARTS_OBJ)
$(B)/lib/libportcall.a: $(LIB_OBJ) $(LIBEAP_OBJ)
$(B)/lib/%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/lib/libportcall.so: $(LIB_OBJ) $(LIBEAP_OBJ)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-soname,libportcall.so.0 $(LDFLAGS) -o $@ $^ $(SSL_LIBS) $(XML_LIBS)

$(B)/bin/portcall-phone: $(PHONE_OBJ) $(B)/lib/libportcall.a $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SSL_LIBS) $(XML_LIBS) $(SHELL_LIBS) $(CURL_LIBS)

$(B)/bin/portcall-switch: $(SWITCH_OBJ) $(B)/lib/libswitch.a $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SSL_LIBS) $(SHELL_LIBS) $(PCAP_LIBS)

$(B)/bin/portcall: $(TOOLS_OBJ) $(B)/lib/libportcall.a $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SSL_LIBS) $(XML_LIBS) $(SHELL_LIBS) $(PCAP_LIBS)

# --- the FreeRADIUS module: built against the installed server's version -----------------------------

FR := $(DEPS)/freeradius
$(FR)/.ready:
	$(Q)tools/fetch-source freeradius $(FR)

$(call obj,radius-module/rlm_portcall): EXTRA = -DIS_MODULE=1 -isystem $(FR)/include -isystem /usr/include \
	-include freeradius/build.h -include freeradius/autoconf.h -include freeradius/features.h -include freeradius/radpaths.h
$(call obj,radius-module/rlm_portcall): | $(FR)/.ready

$(B)/lib/rlm_portcall.so: $(MODULE_OBJ)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared $(LDFLAGS) -o $@ $^ $(call pkg,--libs,jansson)

# --- tests --------------------------------------------------------------------------------------------

$(B)/test/%: $(B)/obj/tests/unit/%.o $(B)/lib/libparts.a $(B)/lib/libswitch.a $(B)/lib/libportcall.a $(B)/lib/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SSL_LIBS) $(XML_LIBS) $(SHELL_LIBS) $(TEST_LIBS)

.PHONY: clean
clean:
	rm -rf build/bin build/lib build/obj build/test build/san-*
