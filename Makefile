# Lobby. `make run` and `make test` each install what they need (tools/bootstrap) and work; the rest is for developers.
#
#   make          the five programs, lobby-emu and the translations, in build/release
#   make run      the clinic, a kiosk and its devices on this machine    make flow    the flow as a picture, build/flow.svg
#   make test     everything, under sanitizers                           make fuzz    SECONDS=60 each target
#   make pictures every screen, in both panels, all sizes and languages
#   make lint     style, analysers, floors                               make fault   random kills, power cuts, devices
#   make bench    figures into build/bench.json                          make bench-peer   beside a browser
#   make image    the appliance's disk and its update, in build/image    make image-keys KEYS=DIR   a clinic's own keys
#   make test-image   boots it in QEMU: check-in, tampering, updates (SHORT=1: a few minutes)
#   make test-kernel  the drivers on a real kernel, in QEMU, against the device models
#   make test-display the kiosk on real graphics cards, in QEMU, compared with what it draws off screen
#
# Every folder of sources is one static library; a program is its main.c with all of them. MODE chooses the flags.

MODE ?= release
Q := $(if $(V),,@)
JOBS := -j$(shell nproc)
VERSION := 0.1.0
B := build/$(MODE)
GEN := build/gen

CC_release := gcc
CFLAGS_release := -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
LDFLAGS_release := -Wl,-z,relro
CC_san := gcc
CFLAGS_san := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS_san := -fsanitize=address,undefined
CC_fuzz := clang
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

CC := $(CC_$(MODE))
PKGS := sdl2 SDL2_ttf SDL2_image fribidi libmicrohttpd gnutls libcurl jansson libsodium sqlite3 libusb-1.0 libqrencode \
        zlib expat libpng libdrm libcryptsetup libzstd
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS))
PKG_LIBS = $(shell pkg-config --libs $(PKGS))
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wvla -Werror
CFLAGS = -std=c11 -D_GNU_SOURCE -DLOBBY_VERSION='"$(VERSION)"' $(WARN) $(CFLAGS_$(MODE)) -fPIE -Isrc -Idrivers -I. -I$(GEN) $(PKG_CFLAGS) -MMD -MP
LDFLAGS = -pie -Wl,--as-needed $(LDFLAGS_$(MODE))
LDLIBS = -lprotobuf-nanopb -lunibreak $(PKG_LIBS) -lpthread -lm

LIBS := src/base src/checkin src/cards src/wire src/ui src/store src/kiosk src/devices src/sync src/clinic src/flash src/system src/ctl drivers
SRCS = $(wildcard $(addsuffix /*.c,$(1)) $(addsuffix /*/*.c,$(1)))
OBJS = $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(call SRCS,$(1))))
LIB_OBJS := $(foreach l,$(LIBS),$(call OBJS,$(l))) $(B)/gen/wire.pb.o
PROGRAMS := kiosk devices sync clinic system flash
BINS := $(patsubst %,$(B)/lobby-%,$(foreach p,$(PROGRAMS),$(if $(wildcard src/$(p)/main.c),$(p)))) \
        $(if $(wildcard src/ctl/main.c),$(B)/lobbyctl)
EMU := $(if $(wildcard tests/emu/main.c),$(B)/lobby-emu)
LOCALES := $(patsubst assets/locale/%.po,$(B)/locale/%/LC_MESSAGES/lobby.mo,$(wildcard assets/locale/*.po))

.PHONY: all run test image image-keys test-image FORCE test-kernel pictures lint bench bench-peer flow fuzz fault format clean bootstrap programs tests fuzzers benches
.SECONDARY:
all: bootstrap
	@$(MAKE) --no-print-directory $(JOBS) programs
INIT := $(if $(filter release,$(MODE)),$(B)/image/init)
programs: $(BINS) $(EMU) $(LOCALES) $(INIT)

bootstrap:
	@tools/bootstrap

$(GEN)/wire.pb.c: src/wire/wire.proto src/wire/wire.options
	@mkdir -p $(GEN)
	@cd src/wire && /usr/bin/nanopb_generator.py -q -D ../../$(GEN) wire.proto
$(GEN)/wire.pb.h: $(GEN)/wire.pb.c
	@touch $@ # without a recipe make would not see that it is new, and leave what includes it as it was

$(B)/gen/wire.pb.o: $(GEN)/wire.pb.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<
$(B)/%.o: %.c | $(GEN)/wire.pb.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

# The sentences of other programs that lobby-kiosk translates (src/kiosk/said.h).
$(GEN)/said_templates.inc: tools/po $(wildcard src/system/*.c src/flash/*.c src/sync/enrol.c)
	@mkdir -p $(@D)
	@tools/po --templates >$@.new && mv $@.new $@
$(B)/src/kiosk/said.o: $(GEN)/said_templates.inc

# What says its version is compiled anew when VERSION is another one.
$(B)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
$(patsubst %.c,$(B)/%.o,$(shell grep -rlw LOBBY_VERSION src --include='*.c')): $(B)/version

# One archive of everything: the linker takes what a program uses and, with --as-needed, only the libraries that needs.
$(B)/liblobby.a: $(LIB_OBJS)
	@rm -f $@
	@ar rcs $@ $^

$(B)/lobby-%: $(B)/src/%/main.o $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/lobbyctl: $(B)/src/ctl/main.o $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The initrd's /init: static, and alone but for a few of the library's files. The letters that it can show are rasterised here.
INIT_OBJS := $(patsubst image/init/%.c,$(B)/init/%.o,$(filter-out %/art.c,$(wildcard image/init/*.c))) $(B)/init/letters.o
INIT_BASE := $(patsubst %,$(B)/src/%.o,base/bytes base/clock base/file base/text kiosk/panel)
$(GEN)/init_art: image/init/art.c image/init/art.h image/init/words.def src/base/text.c
	@mkdir -p $(@D)
	$(Q)gcc -std=c11 -D_GNU_SOURCE $(WARN) -O1 -Isrc -Iimage/init -o $@ image/init/art.c src/base/text.c $(shell pkg-config --cflags --libs sdl2 SDL2_ttf)
$(GEN)/init_letters.c: $(GEN)/init_art
	@$< >$@.new && mv $@.new $@
$(B)/init/letters.o: $(GEN)/init_letters.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<
$(B)/init/%.o: image/init/%.c | $(GEN)/wire.pb.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -ffunction-sections -c -o $@ $<
$(B)/image/init: $(INIT_OBJS) $(INIT_BASE)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s -Wl,--gc-sections $(LDFLAGS_$(MODE)) -o $@ $^ -lnettle -lz -lm
# What stands for systemd in its test on a real kernel, tests/image/init.
$(B)/tests/image/root: tests/image/root.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS_$(MODE)) $(shell pkg-config --cflags libdrm) -static -s -o $@ $<
# Its tests and fuzzer link what of it is pure.
INIT_PURE := $(patsubst %,$(B)/init/%.o,params gpt loader modules say paint letters)
$(patsubst %,$(B)/tests/unit/init_%_test,parse paint) $(B)/tests/fuzz/init_fuzz: $(INIT_PURE)

# Device models: lobby-emu and the tests that run under umockdev link them.
EMU_PKGS := umockdev-1.0 gio-unix-2.0 libusbredirparser-0.5
$(B)/tests/emu/pcscd_test.o: CFLAGS += $(shell pkg-config --cflags libpcsclite)
EMU_OBJS := $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c %_test.c,$(wildcard tests/emu/*.c)))
$(B)/tests/emu/%.o: CFLAGS += $(shell pkg-config --cflags $(EMU_PKGS))
$(B)/lobby-emu: $(B)/tests/emu/main.o $(EMU_OBJS) $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(EMU_PKGS)) $(LDLIBS)

# The virtual machine's program, and the tests that stand outside of it.
KERNEL_OBJS := $(patsubst %.c,$(B)/%.o,$(filter-out %/guest.c,$(wildcard tests/kernel/*.c)))
$(B)/tests/kernel/kernel: $(KERNEL_OBJS) $(EMU_OBJS) $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(EMU_PKGS)) $(LDLIBS)
$(B)/tests/kernel/guest: $(B)/tests/kernel/guest.o $(B)/tests/kernel/frame.o $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Tests: one cmocka binary a file *_test.c. Those in tests/emu are run under umockdev-wrapper.
TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/*/*_test.c))
tests: $(TESTS) $(BINS) $(EMU) $(LOCALES) $(B)/tests/kernel/kernel $(B)/tests/kernel/guest $(B)/tests/fault/devices/devices
$(B)/tests/emu/%_test: $(B)/tests/emu/%_test.o $(EMU_OBJS) $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(shell pkg-config --libs $(EMU_PKGS)) $(LDLIBS)
$(B)/tests/%_test: $(B)/tests/%_test.o $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/liblobby.a -lcmocka $(LDLIBS)
# What chip cards say is tested against the card models, without a reader.
$(patsubst %,$(B)/tests/unit/%_test,chip egk): $(B)/tests/emu/card_egk.o $(B)/tests/emu/card_egk_data.o

# Tools of the tests and benches that are programs: tests/bench/NAME.c. A bench with a header is a part of all.
BENCH_OBJS := $(patsubst %.h,$(B)/%.o,$(wildcard tests/bench/*.h))
BENCHES := $(filter-out $(BENCH_OBJS:.o=),$(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c)))
benches: $(BENCHES)
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(BENCH_OBJS) $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
# The fault driver, and what it preloads into the programs to know what their disks would have kept.
FAULT_OBJS := $(patsubst %.c,$(B)/%.o,$(filter-out tests/fault/powercut.c,$(wildcard tests/fault/*.c)))
$(B)/tests/fault/fault: $(FAULT_OBJS) $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/tests/fault/powercut.so: tests/fault/powercut.c tests/fault/powercut.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -shared -o $@ $<

# Random device sessions against lobby-devices, run under umockdev.
DEVICE_FAULT_OBJS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/fault/devices/*.c))
$(B)/tests/fault/devices/%.o: CFLAGS += $(shell pkg-config --cflags $(EMU_PKGS))
$(B)/tests/fault/devices/devices: $(DEVICE_FAULT_OBJS) $(EMU_OBJS) $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(EMU_PKGS)) $(LDLIBS)

# The toolkit's sample screens as pictures: build/release/tests/ui/gallery FOLDER.
$(B)/tests/ui/gallery: $(B)/tests/ui/gallery.o $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What tests/image/display compares pictures with, and what touches screens in its machines.
$(B)/tests/image/picture $(B)/tests/image/hands: $(B)/tests/image/%: $(B)/tests/image/%.o
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/tests/image/splash.o: CFLAGS += -Iimage
$(B)/tests/image/splash: $(B)/tests/image/splash.o $(filter-out %/main.o,$(INIT_OBJS)) $(INIT_BASE)
	$(Q)$(CC) -static -s -Wl,--gc-sections $(LDFLAGS_$(MODE)) -o $@ $^ -lsodium -lz -lm

# Fuzzers: tests/fuzz/NAME_fuzz.c, libFuzzer under MODE=fuzz; under MODE=san the same file replays its corpus.
FUZZERS := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/*_fuzz.c))
fuzzers: $(FUZZERS)
$(B)/tests/fuzz/%_fuzz: $(B)/tests/fuzz/%_fuzz.o $(if $(filter fuzz,$(MODE)),,$(B)/tests/fuzz/replay.o) $(B)/liblobby.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/liblobby.a $(LDLIBS)

$(B)/locale/%/LC_MESSAGES/lobby.mo: assets/locale/%.po
	@mkdir -p $(@D)
	@msgfmt --check-format --check-domain -o $@ $<

run: all
	@tools/run
test: bootstrap
	@$(MAKE) --no-print-directory $(JOBS) MODE=release programs
	@$(MAKE) --no-print-directory $(JOBS) MODE=san tests fuzzers
	@tools/test
lint: bootstrap $(GEN)/wire.pb.h
	@tools/lint
bench bench-peer: all
	@$(MAKE) --no-print-directory $(JOBS) benches
	@tools/bench $(if $(filter bench-peer,$@),--peer)
pictures: bootstrap
	@$(MAKE) --no-print-directory $(JOBS) MODE=san build/san/tests/ui/screens_test build/san/locale/es/LC_MESSAGES/lobby.mo
	@mkdir -p build/pictures
	@LOBBY_PNG=build/pictures LOBBY_BUILD=build/san ASAN_OPTIONS=detect_leaks=0 build/san/tests/ui/screens_test >/dev/null && \
		echo "$$(ls build/pictures | wc -l) pictures in build/pictures"
flow: all
	@$(B)/lobby-kiosk --flow > build/flow.dot && dot -Tsvg -o build/flow.svg build/flow.dot && echo build/flow.svg
fuzz: bootstrap
	@$(MAKE) --no-print-directory $(JOBS) MODE=fuzz fuzzers
	@tools/fuzz $(or $(SECONDS),60)
fault: bootstrap
	@$(MAKE) --no-print-directory $(JOBS) MODE=release programs
	@tools/fault $(or $(KILLS),300) --devices $(or $(DEVICE_SESSIONS),100000) $(if $(SEED),--seed $(SEED))
# Settings: image/build says which.
image: bootstrap
	@tools/bootstrap --image
	@$(MAKE) --no-print-directory $(JOBS) MODE=release programs $(if $(wildcard image/init/main.c),build/release/image/init)
	@VERSION=$(VERSION) image/build
image-keys:
	@tools/bootstrap --image
	@image/keys $(or $(KEYS),$(error Say where: make image-keys KEYS=DIR))
test-kernel: bootstrap
	@tools/bootstrap --kernel
	@$(MAKE) --no-print-directory $(JOBS) MODE=release programs build/release/tests/kernel/kernel build/release/tests/kernel/guest
	@tools/kernel
test-display: bootstrap
	@tools/bootstrap --kernel
	@$(MAKE) --no-print-directory $(JOBS) MODE=release programs $(addprefix build/release/tests/image/,picture hands splash)
	@tests/image/display
# The appliance, from power to welcome and through everything that goes wrong; SHORT=1: boot, check-in, one fallback.
test-image: image
	@tools/bootstrap --page
	@tools/bootstrap --kernel
	@$(MAKE) --no-print-directory $(JOBS) MODE=release $(addprefix build/release/tests/image/,root picture hands splash)
	@tools/image-test $(if $(SHORT),--short)
format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i
clean:
	rm -rf build

-include $(shell find build -path build/image -prune -o -type f -name '*.d' -print 2>/dev/null)
