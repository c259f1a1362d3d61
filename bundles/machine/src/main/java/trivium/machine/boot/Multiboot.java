package trivium.machine.boot;

import java.util.ArrayList;
import java.util.List;
import trivium.vm.VmException;

/**
 * A Multiboot 1 image (Multiboot Specification 0.6.96, "OS image format"): ELF32, or anything with
 * the header's address fields.
 *
 * @param entry physical address of the first instruction
 */
record Multiboot(String name, long entry, List<Part> parts) implements Kernel {
    static final int SEARCH_BYTES = 8192;
    private static final int MAGIC = 0x1bad_b002;
    private static final int PAGE_ALIGN = 1, MEMORY_INFO = 2, VIDEO_MODE = 4, ADDRESSES = 1 << 16;
    private static final int KNOWN = PAGE_ALIGN | MEMORY_INFO | VIDEO_MODE;
    private static final int MOST_PARTS = 64;

    /**
     * What goes where.
     *
     * @param bytes contents at {@code gpa}
     * @param memoryBytes room it takes; zeros follow the contents
     */
    record Part(long gpa, byte[] bytes, long memoryBytes) {
        long end() {
            return gpa + memoryBytes;
        }
    }

    static boolean isOne(byte[] image) {
        return header(image) >= 0;
    }

    /** The offset of the header, or -1. */
    private static int header(byte[] image) {
        int end = Math.min(image.length, SEARCH_BYTES) - 12;
        for (int at = 0; at <= end; at += 4) {
            long magic = Little.u32(image, at);
            long sum = magic + Little.u32(image, at + 4) + Little.u32(image, at + 8);
            if (magic == MAGIC && (int) sum == 0) {
                return at;
            }
        }
        return -1;
    }

    static Multiboot parse(String name, byte[] image) throws VmException {
        int header = header(image);
        int flags = (int) Little.u32(image, header + 4);
        int unknown = flags & 0xffff & ~KNOWN;
        if (unknown != 0) {
            throw broken(name, "asks for features %#x that nobody defined".formatted(unknown));
        }
        return (flags & ADDRESSES) != 0
                ? withAddresses(name, image, header)
                : Elf32.parse(name, image);
    }

    private static Multiboot withAddresses(String name, byte[] image, int header)
            throws VmException {
        if (header + 32 > image.length) {
            throw broken(name, "ends within its header");
        }
        long headerAddress = Little.u32(image, header + 12);
        long load = Little.u32(image, header + 16);
        long loadEnd = Little.u32(image, header + 20);
        long bssEnd = Little.u32(image, header + 24);
        long entry = Little.u32(image, header + 28);
        long from = header - (headerAddress - load);
        long length = loadEnd == 0 ? image.length - from : loadEnd - load;
        if (load > headerAddress || from < 0 || length < 0) {
            throw broken(name, "has a load address %#x that cannot be".formatted(load));
        }
        if (from + length > image.length) {
            throw broken(
                    name,
                    "is truncated: it has %d of %d bytes".formatted(image.length, from + length));
        }
        byte[] bytes = java.util.Arrays.copyOfRange(image, (int) from, (int) (from + length));
        long memory = Math.max(length, bssEnd == 0 ? 0 : bssEnd - load);
        return new Multiboot(name, entry, List.of(new Part(load, bytes, memory)));
    }

    /** The end of the highest part. */
    long end() {
        return parts.stream().mapToLong(Part::end).max().orElse(0);
    }

    static VmException broken(String name, String why) {
        return new VmException("kernel %s %s".formatted(name, why));
    }

    /** ELF for Intel 80386 (System V ABI, chapter 4 "Object Files", chapter 5). */
    private static final class Elf32 {
        private static final int E_TYPE = 16, E_MACHINE = 18, E_ENTRY = 24, E_PHOFF = 28;
        private static final int E_PHENTSIZE = 42, E_PHNUM = 44, HEADER_BYTES = 52;
        private static final int ET_EXEC = 2, EM_386 = 3, PT_LOAD = 1, ENTRY_BYTES = 32;

        static Multiboot parse(String name, byte[] b) throws VmException {
            boolean elf = b.length >= HEADER_BYTES && Little.u32(b, 0) == 0x464c_457fL;
            if (!elf || b[4] != 1 || b[5] != 1 || Little.u16(b, E_MACHINE) != EM_386) {
                throw broken(name, "is Multiboot, but neither ELF32 nor with address fields");
            }
            if (Little.u16(b, E_TYPE) != ET_EXEC) {
                throw broken(name, "is no executable ELF file");
            }
            long table = Little.u32(b, E_PHOFF);
            int count = Little.u16(b, E_PHNUM), size = Little.u16(b, E_PHENTSIZE);
            if (size < ENTRY_BYTES || count > MOST_PARTS || table + count * size > b.length) {
                throw broken(name, "has a program header table that does not lie in the file");
            }
            List<Part> parts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                addPart(name, b, (int) table + i * size, parts);
            }
            if (parts.isEmpty()) {
                throw broken(name, "has nothing to load");
            }
            return new Multiboot(name, entry(b, (int) table, size, count), List.copyOf(parts));
        }

        private static void addPart(String name, byte[] b, int header, List<Part> parts)
                throws VmException {
            long offset = Little.u32(b, header + 4), gpa = Little.u32(b, header + 12);
            long fileBytes = Little.u32(b, header + 16), memory = Little.u32(b, header + 20);
            if (Little.u32(b, header) != PT_LOAD || memory == 0) {
                return;
            }
            if (offset + fileBytes > b.length) {
                throw broken(
                        name,
                        "is truncated: it has %d of %d bytes"
                                .formatted(b.length, offset + fileBytes));
            }
            byte[] bytes =
                    java.util.Arrays.copyOfRange(b, (int) offset, (int) (offset + fileBytes));
            parts.add(new Part(gpa, bytes, Math.max(memory, fileBytes)));
        }

        /** The entry is a virtual address; loaders take the physical one of the same byte. */
        private static long entry(byte[] b, int table, int size, int count) {
            long entry = Little.u32(b, E_ENTRY);
            for (int i = 0; i < count; i++) {
                int h = table + i * size;
                long virtual = Little.u32(b, h + 8), memory = Little.u32(b, h + 20);
                boolean load = Little.u32(b, h) == PT_LOAD;
                if (load && entry >= virtual && entry < virtual + memory) {
                    return entry - virtual + Little.u32(b, h + 12);
                }
            }
            return entry;
        }
    }
}
