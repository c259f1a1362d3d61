package trivium.x86.vectors;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One test of a MOO file; one object is filled again and again. Registers of the 16-bit and the
 * 32-bit chunks share one numbering: 0 to 7 are the general registers in encoding order, 10 to 15
 * the segment registers ES CS SS DS FS GS.
 */
final class MooTest {
    static final int SP = 4, IP = 8, FLAGS = 9, SEGMENTS = 10, CS = 11, SS = 12;
    static final int CR0 = 16, CR3 = 17, DR6 = 18, DR7 = 19, REGISTERS = 20;

    // spotless:off
    static final String[] NAMES = {
        "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "ip", "flags",
        "es", "cs", "ss", "ds", "fs", "gs", "cr0", "cr3", "dr6", "dr7"
    };
    /** REGS: ax bx cx dx cs ss ds es sp bp si di ip flags. */
    private static final int[] ORDER_16 = {0, 3, 1, 2, 11, 12, 13, 10, 4, 5, 6, 7, 8, 9};
    /** RG32: cr0 cr3 eax ebx ecx edx esi edi ebp esp cs ds es fs gs ss eip eflags dr6 dr7. */
    private static final int[] ORDER_32 = {
        16, 17, 0, 3, 1, 2, 6, 7, 5, 4, 11, 13, 10, 14, 15, 12, 8, 9, 18, 19
    };
    // spotless:on

    private static final int TEST = 0, INIT = 1, FINA = 2;

    int index;
    String name;
    byte[] bytes;
    final int[] initial = new int[REGISTERS];
    final int[] expected = new int[REGISTERS];

    /** Defined bits of each register after the test. */
    final int[] mask = new int[REGISTERS];

    final RamList initialRam = new RamList();
    final RamList expectedRam = new RamList();

    /** Exception number, or -1. */
    int exception;

    int pushedFlagsAddress;

    /** Bytes by physical address, in the order of the file. */
    static final class RamList {
        int[] addresses = new int[64];
        byte[] values = new byte[64];
        int size;

        void clear() {
            size = 0;
        }

        void add(int address, byte value) {
            if (size == values.length) {
                addresses = Arrays.copyOf(addresses, 2 * size);
                values = Arrays.copyOf(values, 2 * size);
            }
            addresses[size] = address;
            values[size++] = value;
        }
    }

    /**
     * @param fileMask defined bits for all tests of the file
     * @throws BufferUnderflowException if a chunk overruns what holds it
     * @throws VectorFormatException if something is missing
     */
    void parse(ByteBuffer b, int[] fileMask) throws VectorFormatException {
        name = "";
        bytes = null;
        exception = -1;
        Arrays.fill(initial, 0);
        System.arraycopy(fileMask, 0, mask, 0, REGISTERS);
        initialRam.clear();
        expectedRam.clear();
        index = b.getInt();
        int seen = parseChunks(b, b.limit(), TEST);
        if (bytes == null || (seen & INIT) == 0 || (seen & FINA) == 0) {
            throw new VectorFormatException("BYTS, INIT or FINA is missing");
        }
    }

    /**
     * @return which of INIT and FINA were there
     */
    private int parseChunks(ByteBuffer b, int end, int inside) throws VectorFormatException {
        int seen = 0;
        while (b.position() < end) {
            int type = b.getInt();
            int length = b.getInt();
            int chunkEnd = b.position() + length;
            if (length < 0 || chunkEnd < 0 || chunkEnd > end) {
                throw new VectorFormatException(
                        "chunk %s overruns its parent".formatted(MooFile.text(type)));
            }
            seen |= inside == TEST ? testChunk(b, type, chunkEnd) : 0;
            if (inside != TEST) {
                stateChunk(b, type, inside);
            }
            if (b.position() > chunkEnd) {
                throw new VectorFormatException(
                        "chunk %s is too short".formatted(MooFile.text(type)));
            }
            b.position(chunkEnd);
        }
        return seen;
    }

    private int testChunk(ByteBuffer b, int type, int end) throws VectorFormatException {
        switch (type) {
            case MooFile.NAME -> name = new String(sized(b, end), StandardCharsets.ISO_8859_1);
            case MooFile.BYTS -> bytes = sized(b, end);
            case MooFile.EXCP -> {
                exception = b.get() & 0xff;
                pushedFlagsAddress = b.getInt();
            }
            case MooFile.INIT -> {
                parseChunks(b, end, INIT);
                System.arraycopy(initial, 0, expected, 0, REGISTERS);
                return INIT;
            }
            case MooFile.FINA -> {
                parseChunks(b, end, FINA);
                return FINA;
            }
            default -> {}
        }
        return 0;
    }

    private static byte[] sized(ByteBuffer b, int end) throws VectorFormatException {
        int length = b.getInt();
        if (length < 0 || length > end - b.position()) {
            throw new VectorFormatException("a string of %d bytes".formatted(length));
        }
        byte[] result = new byte[length];
        b.get(result);
        return result;
    }

    private void stateChunk(ByteBuffer b, int type, int inside) throws VectorFormatException {
        int[] registers = inside == INIT ? initial : expected;
        switch (type) {
            case MooFile.REGS, MooFile.RG32 -> registers(b, type == MooFile.RG32, registers);
            case MooFile.RMSK, MooFile.RM32 -> registers(b, type == MooFile.RM32, mask);
            case MooFile.RAM -> ram(b, inside == INIT ? initialRam : expectedRam);
            default -> {}
        }
    }

    static void registers(ByteBuffer b, boolean wide, int[] into) {
        int[] order = wide ? ORDER_32 : ORDER_16;
        int present = wide ? b.getInt() : b.getShort() & 0xffff;
        for (int i = 0; i < order.length; i++) {
            if ((present >> i & 1) != 0) {
                into[order[i]] = wide ? b.getInt() : b.getShort() & 0xffff;
            }
        }
    }

    private static void ram(ByteBuffer b, RamList list) throws VectorFormatException {
        int count = b.getInt();
        if (count < 0 || count > b.remaining() / 5) {
            throw new VectorFormatException("a RAM list of %d bytes".formatted(count));
        }
        for (int i = 0; i < count; i++) {
            int address = b.getInt();
            list.add(address, b.get());
        }
    }
}
