package trivium.x86.vectors;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One vector of an X86VEC1 file: an instruction, the state before and the state after. One object
 * is filled again and again. See cpu-vectors/README.md for the fields.
 */
final class X86Vec1 {
    static final int HAS_X87 = 1, HAS_SSE = 2, APPROXIMATE = 4;
    static final int COMPLETED = 0xff;
    static final int DATA_BYTES = 4096;

    /** Register state on either side of the instruction. */
    static final class Side {
        final long[] gpr = new long[16];
        int eflags;
        int fcw, fsw, ftw;
        final long[] stMantissa = new long[8];
        final int[] stSignExponent = new int[8];
        int mxcsr;
        final long[] xmm = new long[32];
        final byte[] data = new byte[DATA_BYTES];

        void reset() {
            fcw = 0x37f;
            fsw = 0;
            ftw = 0;
            Arrays.fill(stMantissa, 0);
            Arrays.fill(stSignExponent, 0);
            mxcsr = 0x1f80;
            for (int i = 0; i < 32; i++) {
                xmm[i] = 0x0706_0504_0302_0100L + 0x0101_0101_0101_0101L * (8 * i);
            }
        }

        void set(Side o) {
            System.arraycopy(o.gpr, 0, gpr, 0, gpr.length);
            eflags = o.eflags;
            fcw = o.fcw;
            fsw = o.fsw;
            ftw = o.ftw;
            System.arraycopy(o.stMantissa, 0, stMantissa, 0, 8);
            System.arraycopy(o.stSignExponent, 0, stSignExponent, 0, 8);
            mxcsr = o.mxcsr;
            System.arraycopy(o.xmm, 0, xmm, 0, xmm.length);
            System.arraycopy(o.data, 0, data, 0, data.length);
        }
    }

    private final int registers;
    private final byte[] nameBytes = new byte[255];
    private int nameLength;

    int klass;
    int flags;
    final byte[] instruction = new byte[255];
    int instructionLength;
    int undefined;
    final Side in = new Side();
    int vector;
    int errorCode;
    long cr2;
    long ip;
    final Side out = new Side();

    X86Vec1(int mode) {
        registers = mode == 64 ? 16 : 8;
    }

    int registers() {
        return registers;
    }

    String name() {
        return new String(nameBytes, 0, nameLength, StandardCharsets.ISO_8859_1);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /**
     * @throws BufferUnderflowException if the record is shorter than its own fields say
     * @throws VectorFormatException if it is longer, or a chunk lies outside the data page
     */
    void parse(ByteBuffer b) throws VectorFormatException {
        nameLength = u8(b);
        b.get(nameBytes, 0, nameLength);
        klass = u8(b);
        flags = u8(b);
        instructionLength = u8(b);
        b.get(instruction, 0, instructionLength);
        undefined = b.getInt();
        parseIn(b);
        out.set(in);
        vector = u8(b);
        errorCode = b.getInt();
        cr2 = b.getLong();
        ip = b.getLong();
        parseOut(b);
        if (b.hasRemaining()) {
            throw new VectorFormatException(b.remaining() + " bytes too many");
        }
    }

    private void parseIn(ByteBuffer b) throws VectorFormatException {
        in.reset();
        in.eflags = b.getInt();
        for (int i = 0; i < registers; i++) {
            in.gpr[i] = register(b);
        }
        if (has(HAS_X87)) {
            parseX87(b, in, 0xff);
        }
        if (has(HAS_SSE)) {
            in.mxcsr = b.getInt();
            parseXmm(b, in, 0xffff >> 16 - registers);
        }
        Arrays.fill(in.data, (byte) 0);
        parseMemory(b, in.data);
    }

    private void parseOut(ByteBuffer b) throws VectorFormatException {
        out.eflags = b.getInt();
        int mask = u16(b);
        for (int i = 0; i < registers; i++) {
            if ((mask >> i & 1) != 0) {
                out.gpr[i] = register(b);
            }
        }
        if (has(HAS_X87)) {
            parseX87Changes(b);
        }
        if (has(HAS_SSE)) {
            out.mxcsr = b.getInt();
            parseXmm(b, out, u16(b));
        }
        parseMemory(b, out.data);
    }

    private long register(ByteBuffer b) {
        return registers == 16 ? b.getLong() : b.getInt() & 0xffff_ffffL;
    }

    private static void parseX87(ByteBuffer b, Side side, int mask) {
        side.fcw = u16(b);
        side.fsw = u16(b);
        side.ftw = u8(b);
        parseSt(b, side, mask);
    }

    private void parseX87Changes(ByteBuffer b) {
        out.fcw = u16(b);
        out.fsw = u16(b);
        out.ftw = u8(b);
        parseSt(b, out, u8(b));
    }

    private static void parseSt(ByteBuffer b, Side side, int mask) {
        for (int i = 0; i < 8; i++) {
            if ((mask >> i & 1) != 0) {
                side.stMantissa[i] = b.getLong();
                side.stSignExponent[i] = u16(b);
            }
        }
    }

    private static void parseXmm(ByteBuffer b, Side side, int mask) {
        for (int i = 0; i < 16; i++) {
            if ((mask >> i & 1) != 0) {
                side.xmm[2 * i] = b.getLong();
                side.xmm[2 * i + 1] = b.getLong();
            }
        }
    }

    private static void parseMemory(ByteBuffer b, byte[] page) throws VectorFormatException {
        for (int chunks = u8(b); chunks > 0; chunks--) {
            int offset = u16(b);
            int length = u16(b);
            if (offset + length > page.length) {
                throw new VectorFormatException(
                        "%d bytes at offset %d lie outside the data page"
                                .formatted(length, offset));
            }
            b.get(page, offset, length);
        }
    }

    private static int u8(ByteBuffer b) {
        return b.get() & 0xff;
    }

    private static int u16(ByteBuffer b) {
        return b.getShort() & 0xffff;
    }
}
