package trivium.x86.vectors;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Reader of an X86VEC1 file. */
final class X86Vec1File implements VectorFile {
    static final String MAGIC = "X86VEC1\0";

    private static final int PAGE_BYTES = 4096;

    private final VectorInput in;
    private long read;

    final int mode;
    final long count;

    /** Linear address of the instruction, of the data page; IP at the start. */
    final long code, data, ip;

    final X86Vec1 vector;

    /**
     * @param in after the 8 bytes of {@link #MAGIC}
     */
    X86Vec1File(VectorInput in) throws IOException {
        this.in = in;
        ByteBuffer header = in.need(56, "the header");
        mode = header.getInt();
        count = header.getInt() & 0xffff_ffffL;
        header.getLong();
        code = header.getLong();
        ip = header.getLong();
        data = header.getLong();
        int dataBytes = header.getInt();
        int codeBytes = header.getInt();
        if (mode != 16 && mode != 32 && mode != 64) {
            throw new VectorFormatException("corrupt: mode " + mode);
        }
        if (dataBytes != PAGE_BYTES || codeBytes != PAGE_BYTES || data % PAGE_BYTES != 0) {
            throw new VectorFormatException(
                    "code of %d and data of %d bytes at %#x: not one page each"
                            .formatted(codeBytes, dataBytes, data));
        }
        checkAddresses();
        vector = new X86Vec1(mode);
    }

    private void checkAddresses() throws VectorFormatException {
        long limit = mode == 64 ? 1L << 47 : 1L << 32;
        boolean inside = code >= 0 && data >= 0 && code < limit && data < limit;
        if (!inside || code / PAGE_BYTES == data / PAGE_BYTES) {
            throw new VectorFormatException(
                    "corrupt: code at %#x, data at %#x".formatted(code, data));
        }
    }

    @Override
    public String kind() {
        return "X86VEC1 %d-bit".formatted(mode);
    }

    @Override
    public long announced() {
        return count;
    }

    @Override
    public boolean next() throws IOException {
        if (read == count) {
            if (in.next(1, "trailing data") != null) {
                throw new VectorFormatException(
                        "corrupt: data after the last of %d vectors".formatted(count));
            }
            return false;
        }
        String what = "vector " + read;
        ByteBuffer record = in.need(in.need(4, what).getInt(), what);
        try {
            vector.parse(record);
        } catch (BufferUnderflowException e) {
            throw new VectorFormatException("corrupt: %s ends early".formatted(what), e);
        } catch (VectorFormatException e) {
            throw new VectorFormatException("corrupt: %s: %s".formatted(what, e.getMessage()), e);
        }
        read++;
        return true;
    }

    @Override
    public String title() {
        String bytes =
                HexFormat.ofDelimiter(" ")
                        .formatHex(vector.instruction, 0, vector.instructionLength);
        return "#%d %s [%s]".formatted(read - 1, vector.name(), bytes);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
