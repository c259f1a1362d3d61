package trivium.vmi;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** Machine code in the making, with labels. Instructions are written as the bytes they are. */
final class Code {
    /** A place in the code, perhaps still to come. */
    static final class Label {
        private int at = -1;

        int offset() {
            if (at < 0) {
                throw new IllegalStateException("an unbound label");
            }
            return at;
        }
    }

    private static final Label START = new Label();

    static {
        START.at = 0;
    }

    /** Of conditional jumps with an offset of 8 bits. */
    static final int JB = 0x72, JE = 0x74, JNE = 0x75, JA = 0x77;

    private record Fixup(int at, int bytes, Label label, Label from) {}

    private final int origin;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<Fixup> fixups = new ArrayList<>();

    /**
     * @param origin offset of the first byte
     */
    Code(int origin) {
        this.origin = origin;
    }

    int offset() {
        return origin + out.size();
    }

    Code emit(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    Code dword(int value) {
        return emit(value, value >> 8, value >> 16, value >> 24);
    }

    /** AND EAX, imm32. */
    Code and(int mask) {
        return emit(0x25).dword(mask);
    }

    Code align(int to, int filler) {
        while (offset() % to != 0) {
            emit(filler);
        }
        return this;
    }

    Label here() {
        Label label = new Label();
        bind(label);
        return label;
    }

    Code bind(Label label) {
        label.at = offset();
        return this;
    }

    /** A jump on a condition, or EBh for any. */
    Code jump(int opcode, Label to) {
        emit(opcode, 0);
        fixups.add(new Fixup(out.size() - 1, 1, to, null));
        return this;
    }

    Code jump(Label to) {
        return relative(0xe9, to);
    }

    Code call(Label to) {
        return relative(0xe8, to);
    }

    private Code relative(int opcode, Label to) {
        emit(opcode, 0, 0, 0, 0);
        fixups.add(new Fixup(out.size() - 4, 4, to, null));
        return this;
    }

    /** The offset of a place, as a doubleword. */
    Code address(Label label) {
        return distance(START, label);
    }

    /** The distance from one place to another, as a doubleword. */
    Code distance(Label from, Label to) {
        emit(0, 0, 0, 0);
        fixups.add(new Fixup(out.size() - 4, 4, to, from));
        return this;
    }

    byte[] toBytes() {
        byte[] all = out.toByteArray();
        for (Fixup f : fixups) {
            int from = f.from == null ? origin + f.at + f.bytes : f.from.offset();
            int distance = f.label.offset() - from;
            if (f.bytes == 1 && distance != (byte) distance) {
                throw new IllegalStateException(
                        "a jump of %d bytes is too far".formatted(distance));
            }
            for (int i = 0; i < f.bytes; i++) {
                all[f.at + i] = (byte) (distance >> 8 * i);
            }
        }
        return all;
    }
}
