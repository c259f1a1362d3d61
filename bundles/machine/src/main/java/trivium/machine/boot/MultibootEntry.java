package trivium.machine.boot;

import java.nio.charset.StandardCharsets;
import trivium.cpu.VcpuState;
import trivium.machine.memory.GuestMemory;
import trivium.vm.VmException;

/**
 * Enters a Multiboot kernel (Multiboot Specification 0.6.96, "Machine state", "Boot information").
 */
final class MultibootEntry {
    private static final long BOOT_MAGIC = 0x2bad_b002L;
    private static final int MEMORY = 1, COMMAND_LINE = 4, MODULES = 8, MAP = 0x40, NAME = 0x200;
    private static final int INFO_BYTES = 0x80, MODULE = 0x80, GDT = 0x90, MMAP = 0xb0;
    private static final int MMAP_ENTRY = 24, TEXT = 0x160;
    private static final long AVAILABLE = 1, RESERVED = 2;
    private static final long BASE_END = 0xa_0000, EXTENDED = 0x10_0000;
    private static final int MOST_TEXT = 16 * 1024;

    /** Places for the information, best first; the first that the kernel does not use. */
    private static final long[] INFO_PLACES = {0x9000, 0x5_0000, 0x9_0000};

    private MultibootEntry() {}

    static void enter(
            GuestMemory memory,
            VcpuState cpu,
            Multiboot kernel,
            String commandLine,
            String module,
            byte[] initrd)
            throws VmException {
        for (Multiboot.Part part : kernel.parts()) {
            load(memory, kernel, part);
        }
        long moduleAt = Math.max(kernel.end(), EXTENDED) + 4095 & -4096;
        if (moduleAt + initrd.length > memory.lowRamEnd()) {
            throw new VmException(
                    "kernel %s and initrd do not fit into %d MiB of memory"
                            .formatted(kernel.name(), memory.ramBytes() >> 20));
        }
        memory.write(moduleAt, initrd, 0, initrd.length);
        byte[] text = text(kernel.name(), commandLine, module);
        long info = place(kernel, TEXT + text.length);
        memory.write(info + TEXT, text, 0, text.length);
        writeInfo(memory, info, kernel, commandLine, moduleAt, initrd.length);
        FlatMode.enter(cpu, memory, info + GDT, kernel.entry(), info);
        cpu.gpr[VcpuState.RAX] = BOOT_MAGIC;
        cpu.gpr[VcpuState.RBX] = info;
    }

    private static void load(GuestMemory memory, Multiboot kernel, Multiboot.Part part)
            throws VmException {
        boolean base = part.end() <= BASE_END;
        boolean extended = part.gpa() >= EXTENDED && part.end() <= memory.lowRamEnd();
        if (!base && !extended) {
            throw new VmException(
                    "kernel %s loads at %#x to %#x, where a VM with %d MiB has no RAM"
                            .formatted(
                                    kernel.name(),
                                    part.gpa(),
                                    part.end(),
                                    memory.ramBytes() >> 20));
        }
        memory.write(part.gpa(), part.bytes(), 0, part.bytes().length);
        byte[] zeros = new byte[64 * 1024];
        for (long at = part.gpa() + part.bytes().length; at < part.end(); at += zeros.length) {
            memory.write(at, zeros, 0, (int) Math.min(zeros.length, part.end() - at));
        }
    }

    private static byte[] text(String kernel, String commandLine, String module)
            throws VmException {
        byte[] text =
                "Trivium\0%s\0%s\0"
                        .formatted(line(kernel, commandLine), module)
                        .getBytes(StandardCharsets.UTF_8);
        if (text.length > MOST_TEXT) {
            throw new VmException(
                    "the command line has %d bytes; a Multiboot kernel gets at most %d"
                            .formatted(text.length, MOST_TEXT));
        }
        return text;
    }

    /** By custom the command line begins with the kernel's name. */
    private static String line(String kernel, String commandLine) {
        return commandLine.isEmpty() ? kernel : kernel + " " + commandLine;
    }

    private static long place(Multiboot kernel, int bytes) throws VmException {
        for (long place : INFO_PLACES) {
            if (kernel.parts().stream()
                    .noneMatch(p -> p.gpa() < place + bytes && p.end() > place)) {
                return place;
            }
        }
        throw new VmException(
                "kernel %s leaves no base memory for its Multiboot information"
                        .formatted(kernel.name()));
    }

    private static void writeInfo(
            GuestMemory memory,
            long info,
            Multiboot kernel,
            String commandLine,
            long moduleAt,
            int moduleBytes) {
        long lineAt = info + TEXT + "Trivium\0".length();
        int lineBytes = line(kernel.name(), commandLine).getBytes(StandardCharsets.UTF_8).length;
        byte[] b = new byte[TEXT];
        Little.put32(b, 0, MEMORY | COMMAND_LINE | MAP | NAME | (moduleBytes > 0 ? MODULES : 0));
        Little.put32(b, 4, BASE_END >> 10);
        Little.put32(b, 8, memory.lowRamEnd() - EXTENDED >> 10);
        Little.put32(b, 16, lineAt);
        Little.put32(b, 20, moduleBytes > 0 ? 1 : 0);
        Little.put32(b, 24, info + MODULE);
        Little.put32(b, 48, info + MMAP);
        Little.put32(b, 64, info + TEXT);
        Little.put32(b, MODULE, moduleAt);
        Little.put32(b, MODULE + 4, moduleAt + moduleBytes);
        Little.put32(b, MODULE + 8, lineAt + lineBytes + 1);
        int end = writeMap(b, memory);
        Little.put32(b, 44, end - MMAP);
        memory.write(info, b, 0, INFO_BYTES);
        memory.write(info + MODULE, b, MODULE, TEXT - MODULE);
    }

    private static int writeMap(byte[] b, GuestMemory memory) {
        int at = mapEntry(b, MMAP, 0, BASE_END, AVAILABLE);
        at = mapEntry(b, at, 0xf_0000, EXTENDED, RESERVED);
        at = mapEntry(b, at, EXTENDED, memory.lowRamEnd(), AVAILABLE);
        boolean high = memory.highRamEnd() > 1L << 32;
        return high ? mapEntry(b, at, 1L << 32, memory.highRamEnd(), AVAILABLE) : at;
    }

    private static int mapEntry(byte[] b, int at, long from, long to, long type) {
        Little.put32(b, at, MMAP_ENTRY - 4);
        Little.put64(b, at + 4, from);
        Little.put64(b, at + 12, to - from);
        Little.put32(b, at + 20, type);
        return at + MMAP_ENTRY;
    }
}
