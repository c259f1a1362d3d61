package trivium.x86.vectors;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import trivium.cpu.CpuModel;

/** Reader of a MOO file of SingleStepTests: nested chunks, one TEST after the other. */
final class MooFile implements VectorFile {
    static final int MOO = id("MOO "), TESTS = id("TEST"), META = id("META");
    // spotless:off: constants for switch labels, the chunk names read as little-endian integers
    static final int NAME = 0x454d414e, BYTS = 0x53545942, EXCP = 0x50435845;
    static final int INIT = 0x54494e49, FINA = 0x414e4946, RAM = 0x204d4152;
    static final int REGS = 0x53474552, RG32 = 0x32334752, RMSK = 0x4b534d52, RM32 = 0x32334d52;
    // spotless:on

    private final VectorInput in;
    private final int[] fileMask = new int[MooTest.REGISTERS];
    private final long count;
    private final CpuModel model;
    private long read;

    final MooTest test = new MooTest();

    /**
     * @param in after the four bytes "MOO " and the length of that chunk
     * @param headerBytes the length of that chunk
     */
    MooFile(VectorInput in, int headerBytes) throws IOException {
        this.in = in;
        if (headerBytes < 12) {
            throw new VectorFormatException("corrupt: a MOO header of " + headerBytes + " bytes");
        }
        ByteBuffer header = in.need(headerBytes, "the MOO header");
        header.getInt();
        count = header.getInt() & 0xffff_ffffL;
        model = model(text(header.getInt()));
        Arrays.fill(fileMask, -1);
    }

    private static CpuModel model(String cpu) throws VectorFormatException {
        return switch (cpu) {
            case "8086", "8088", "86  ", "88  " -> CpuModel.I8086;
            case "C286", "286 ", "286E" -> CpuModel.I80286;
            case "386E", "386 ", "C386" -> CpuModel.I386;
            default ->
                    throw new VectorFormatException(
                            "no CPU model for '%s'; there are 8086, C286 and 386E".formatted(cpu));
        };
    }

    private static int id(String name) {
        byte[] b = name.getBytes(StandardCharsets.US_ASCII);
        return b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24;
    }

    static String text(int id) {
        byte[] b = {(byte) id, (byte) (id >> 8), (byte) (id >> 16), (byte) (id >> 24)};
        return new String(b, StandardCharsets.ISO_8859_1);
    }

    CpuModel model() {
        return model;
    }

    @Override
    public String kind() {
        return "MOO " + model;
    }

    @Override
    public long announced() {
        return count;
    }

    @Override
    public boolean next() throws IOException {
        for (ByteBuffer b = in.next(8, "a chunk"); b != null; b = in.next(8, "a chunk")) {
            int type = b.getInt();
            int length = b.getInt();
            String what = type == TESTS ? "test " + read : "chunk " + text(type);
            if (test(type, in.need(length, what), what)) {
                return true;
            }
        }
        if (read != count) {
            throw new VectorFormatException(
                    "truncated: the header says %d tests, found %d".formatted(count, read));
        }
        return false;
    }

    /**
     * @return whether the chunk was a test
     */
    private boolean test(int type, ByteBuffer payload, String what) throws VectorFormatException {
        try {
            if (type == RMSK || type == RM32) {
                MooTest.registers(payload, type == RM32, fileMask);
            }
            if (type != TESTS) {
                return false;
            }
            test.parse(payload, fileMask);
        } catch (BufferUnderflowException e) {
            throw new VectorFormatException("corrupt: %s ends early".formatted(what), e);
        } catch (VectorFormatException e) {
            throw new VectorFormatException("corrupt: %s: %s".formatted(what, e.getMessage()), e);
        }
        if (++read > count) {
            throw new VectorFormatException(
                    "corrupt: the header says %d tests, there are more".formatted(count));
        }
        return true;
    }

    @Override
    public String title() {
        String bytes = HexFormat.ofDelimiter(" ").formatHex(test.bytes);
        return "#%d (index %d) %s [%s]".formatted(read - 1, test.index, test.name, bytes);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
