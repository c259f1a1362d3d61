package trivium.x86.fuzz;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A few instructions of a program that stay together: bytes with holes for addresses that are known
 * once all pieces have their places. A piece that is left out still is a label.
 */
final class Piece {
    enum Base {
        /** From the end of this piece. */
        RELATIVE,
        /** Offset in the code segment. */
        CODE,
        /** A linear address seen from the end of this piece: RIP-relative. */
        RIP
    }

    /** {@code label} is null for {@link Base#RIP}, whose address is {@code addend}. */
    record Hole(int at, int size, Base base, Piece label, long addend) {}

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Hole> holes = new ArrayList<>();
    boolean omitted;

    /** Set by the layout. */
    long offset;

    Piece add(int... octets) {
        for (int octet : octets) {
            bytes.write(octet);
        }
        return this;
    }

    /** A little-endian value. */
    Piece value(int size, long value) {
        for (int i = 0; i < size; i++) {
            bytes.write((int) (value >>> 8 * i));
        }
        return this;
    }

    Piece hole(int size, Base base, Piece label, long addend) {
        holes.add(new Hole(bytes.size(), size, base, label, addend));
        return value(size, 0);
    }

    /** Everything of another piece, behind what is here. */
    Piece append(Piece other) {
        int shift = bytes.size();
        bytes.writeBytes(other.bytes.toByteArray());
        for (Hole hole : other.holes) {
            holes.add(new Hole(hole.at + shift, hole.size, hole.base, hole.label, hole.addend));
        }
        return this;
    }

    int size() {
        return omitted ? 0 : bytes.size();
    }

    /** The bytes with all holes filled; the layout is done. */
    byte[] resolve() {
        if (omitted) {
            return new byte[0];
        }
        byte[] result = bytes.toByteArray();
        long end = offset + result.length;
        for (Hole hole : holes) {
            long value =
                    switch (hole.base) {
                        case RELATIVE -> hole.label.offset + hole.addend - end;
                        case CODE -> hole.label.offset + hole.addend;
                        case RIP -> hole.addend - end;
                    };
            for (int i = 0; i < hole.size; i++) {
                result[hole.at + i] = (byte) (value >>> 8 * i);
            }
        }
        return result;
    }
}
