package trivium.machine.boot;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.device.FirmwareConfig;
import trivium.machine.board.Board;
import trivium.machine.memory.GuestMemory;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/**
 * How a VM begins: everything read and checked before it is powered on. With firmware the CPU
 * starts at the reset vector, and a Linux kernel is handed over through fw_cfg and our option ROM,
 * so that it finds ACPI tables and an initialised display. A Multiboot kernel, or Linux where there
 * is no firmware, is entered directly in protected mode.
 */
public final class Boot {
    private static final long FOUR_GIB = 1L << 32, ONE_MIB = 1L << 20;
    private static final int LOW_ROM_BYTES = 128 * 1024;
    private static final long SETUP = 0x1_0000, COMMAND_LINE = 0x2_0000;

    /** What SeaBIOS may keep at the top of RAM for itself and for tables. */
    private static final long FIRMWARE_TABLES = 1L << 20;

    // QEMU include/standard-headers/linux/qemu_fw_cfg.h
    private static final int KERNEL_ADDR = 0x07, KERNEL_SIZE = 0x08, INITRD_ADDR = 0x0a;
    private static final int INITRD_SIZE = 0x0b, KERNEL_ENTRY = 0x10, KERNEL_DATA = 0x11;
    private static final int INITRD_DATA = 0x12, CMDLINE_ADDR = 0x13, CMDLINE_SIZE = 0x14;
    private static final int CMDLINE_DATA = 0x15, SETUP_ADDR = 0x16, SETUP_SIZE = 0x17;
    private static final int SETUP_DATA = 0x18;

    private final VmConfig config;
    private final Optional<byte[]> bios, vgaBios;
    private final Optional<Kernel> kernel;
    private final byte[] initrd;

    private Boot(
            VmConfig config,
            Optional<byte[]> bios,
            Optional<byte[]> vgaBios,
            Optional<Kernel> kernel,
            byte[] initrd) {
        this.config = config;
        this.bios = bios;
        this.vgaBios = vgaBios;
        this.kernel = kernel;
        this.initrd = initrd;
    }

    /**
     * Reads and checks what the VM boots from.
     *
     * @throws VmException naming the file and what is wrong, or what is missing
     */
    public static Boot prepare(VmConfig config, Firmware firmware) throws VmException {
        VmConfig.Boot boot = config.boot();
        Optional<byte[]> bios =
                boot.bios().isPresent() ? configured(boot.bios().get()) : usual(config, firmware);
        Optional<Kernel> kernel = Optional.empty();
        if (boot.kernel().isPresent()) {
            Path file = boot.kernel().get();
            kernel = Optional.of(Kernel.parse(file.toString(), Firmware.read("kernel", file)));
        }
        byte[] initrd =
                boot.initrd().isPresent()
                        ? Firmware.read("initrd", boot.initrd().get())
                        : new byte[0];
        Boot ready = new Boot(config, bios, firmware.vgaBios(), kernel, initrd);
        ready.check();
        return ready;
    }

    private static Optional<byte[]> configured(Path file) throws VmException {
        byte[] rom = Firmware.read("BIOS", file);
        int kib = rom.length / 1024;
        if (rom.length % 1024 != 0 || kib != 64 && kib != 128 && kib != 256) {
            throw new VmException(
                    "BIOS %s has %d bytes; a ROM has 64, 128 or 256 KiB"
                            .formatted(file, rom.length));
        }
        return Optional.of(rom);
    }

    /** SeaBIOS uses BSWAP and WBINVD, which came with the 80486. */
    private static Optional<byte[]> usual(VmConfig config, Firmware firmware) throws VmException {
        return config.cpu().atLeast(CpuModel.PENTIUM3) ? firmware.bios() : Optional.empty();
    }

    private void check() throws VmException {
        if (kernel.isEmpty() && bios.isEmpty()) {
            throw new VmException(
                    config.cpu().atLeast(CpuModel.PENTIUM3)
                            ? "no firmware found: install the package seabios, or name a ROM with --bios"
                            : "CPU %s needs a ROM made for it, named with --bios: SeaBIOS runs on pentium3 and later"
                                    .formatted(config.cpu()));
        }
        if (kernel.isPresent() && !config.cpu().atLeast(CpuModel.I386)) {
            throw new VmException(
                    "CPU %s cannot run a 32-bit kernel; it takes i386 or later"
                            .formatted(config.cpu()));
        }
        if (kernel.isEmpty() && initrd.length > 0) {
            throw new VmException("an initrd needs a kernel");
        }
        if (kernel.orElse(null) instanceof BzImage linux) {
            linux.commandLine(config.boot().append());
            initrdAddress(linux);
        }
    }

    /** A firmware file by role, as devices ask for it. */
    public Optional<byte[]> firmware(String role) {
        return switch (role) {
            case "bios" -> bios;
            case "vgabios" -> vgaBios;
            default -> Optional.empty();
        };
    }

    /** The boot order for fw_cfg: "kernel" first if our option ROM is there. */
    public String order() {
        String order = config.boot().order();
        return throughFirmware() ? order.isEmpty() ? "kernel" : "kernel," + order : order;
    }

    /** Whether Linux is entered by way of the firmware. */
    private boolean throughFirmware() {
        return bios.isPresent() && kernel.orElse(null) instanceof BzImage;
    }

    /**
     * Puts ROMs and fw_cfg items in place; once, when the devices are there.
     *
     * @throws VmException if the board has no fw_cfg but the kernel needs it
     */
    public void install(Board board) throws VmException {
        if (bios.isPresent()) {
            mapRom(board.memory(), bios.get());
        }
        offer(board);
    }

    /** Lays a kernel for the firmware into fw_cfg, if that is the way. */
    public void offer(Board board) throws VmException {
        if (throughFirmware()) {
            FirmwareConfig fwCfg =
                    board.find(FirmwareConfig.class)
                            .orElseThrow(() ->
                                    new VmException("a Linux kernel needs the device fw-cfg"));
            offer(fwCfg, (BzImage) kernel.orElseThrow());
        }
    }

    /** The ROM ends at 4 GiB; its last 128 KiB also end at 1 MiB, where PAM can shadow them. */
    private void mapRom(GuestMemory memory, byte[] rom) {
        MemorySegment segment = memory.allocate("bios", rom.length);
        MemorySegment.copy(rom, 0, segment, ValueLayout.JAVA_BYTE, 0, rom.length);
        memory.mapMemory("bios", FOUR_GIB - rom.length, segment, false);
        int low = Math.min(rom.length, LOW_ROM_BYTES);
        memory.mapMemory("bios-low", ONE_MIB - low, segment.asSlice(rom.length - low, low), false);
        if (config.cpu() == CpuModel.I80286) { // its reset vector is at FFFFF0
            memory.mapMemory("bios-16m", 16 * ONE_MIB - rom.length, segment, false);
        }
    }

    private void offer(FirmwareConfig fwCfg, BzImage linux) throws VmException {
        byte[] commandLine = linux.commandLine(config.boot().append());
        long initrdAt = initrdAddress(linux);
        byte[] setup = linux.patchedSetup(COMMAND_LINE, initrdAt, initrd.length);
        BzImage.setVideoMode(setup, config.boot().append());
        List<LinuxRom.Copy> copies = new ArrayList<>();
        copies.add(new LinuxRom.Copy(SETUP_DATA, setup.length, SETUP));
        copies.add(new LinuxRom.Copy(CMDLINE_DATA, commandLine.length, COMMAND_LINE));
        copies.add(new LinuxRom.Copy(KERNEL_DATA, linux.payload().length, BzImage.LOAD));
        if (initrd.length > 0) {
            copies.add(new LinuxRom.Copy(INITRD_DATA, initrd.length, initrdAt));
        }
        item(fwCfg, SETUP_ADDR, SETUP, SETUP_SIZE, SETUP_DATA, setup);
        item(fwCfg, CMDLINE_ADDR, COMMAND_LINE, CMDLINE_SIZE, CMDLINE_DATA, commandLine);
        item(fwCfg, KERNEL_ADDR, BzImage.LOAD, KERNEL_SIZE, KERNEL_DATA, linux.payload());
        item(fwCfg, INITRD_ADDR, initrdAt, INITRD_SIZE, INITRD_DATA, initrd);
        fwCfg.setItem(KERNEL_ENTRY, little(BzImage.LOAD));
        fwCfg.addFile(LinuxRom.FILE, LinuxRom.build(copies, (int) (SETUP >> 4)));
    }

    private static void item(
            FirmwareConfig fwCfg, int addressKey, long address, int sizeKey, int key, byte[] data) {
        fwCfg.setItem(addressKey, little(address));
        fwCfg.setItem(sizeKey, little(data.length));
        fwCfg.setItem(key, data);
    }

    private static byte[] little(long value) {
        return ByteBuffer.allocate(4).putInt(Integer.reverseBytes((int) value)).array();
    }

    /** As high as the kernel and the firmware's tables allow. */
    private long initrdAddress(BzImage linux) throws VmException {
        long lowRamEnd = Math.min((long) config.memoryMiB() << 20, 0xc000_0000L);
        long kernelEnd = BzImage.LOAD + linux.workingBytes();
        long top = Math.min(lowRamEnd - FIRMWARE_TABLES, linux.initrdAddressMax() + 1);
        long at = top - initrd.length & -4096;
        if (at < kernelEnd) {
            throw new VmException(
                    "kernel %s and initrd need %d MiB of memory; the VM has %d"
                            .formatted(
                                    linux.name(),
                                    (kernelEnd + initrd.length + FIRMWARE_TABLES >> 20) + 1,
                                    config.memoryMiB()));
        }
        return initrd.length == 0 ? 0 : at;
    }

    /** Loads and enters a kernel directly, if that is the way; after each reset of CPUs. */
    public void enter(Board board) throws VmException {
        if (kernel.isEmpty() || throughFirmware()) {
            return;
        }
        VcpuState cpu = board.vcpus().getFirst().state();
        String append = config.boot().append();
        switch (kernel.get()) {
            case Multiboot multiboot ->
                    MultibootEntry.enter(
                            board.memory(), cpu, multiboot, append, initrdName(), initrd);
            case BzImage linux -> {
                long at = initrdAddress(linux);
                LinuxEntry.enter(board.memory(), cpu, linux, append, at, initrd);
            }
        }
    }

    private String initrdName() {
        return config.boot().initrd().map(Path::toString).orElse("");
    }
}
