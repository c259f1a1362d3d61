package trivium.guests.demo;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * An image in the making: bytes, places in it that are filled in when all labels are known, and
 * room behind the bytes that a loader clears. Little-endian.
 */
final class Image {
    private final int origin;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Fixup> fixups = new ArrayList<>();
    private final List<Room> rooms = new ArrayList<>();

    /** End of the bytes, and of the room behind them. */
    final Label end = new Label(), roomEnd = new Label();

    private record Fixup(int at, Label label, int addend, boolean relative) {}

    private record Room(Label label, int bytes) {}

    /**
     * @param origin the address the image is loaded at
     */
    Image(int origin) {
        this.origin = origin;
    }

    int size() {
        return bytes.size();
    }

    void octet(int value) {
        bytes.write(value);
    }

    void dword(int value) {
        for (int shift = 0; shift < 32; shift += 8) {
            octet(value >>> shift);
        }
    }

    /** The label's address, plus {@code addend}. */
    void address(Label label, int addend) {
        fixups.add(new Fixup(size(), label, addend, false));
        dword(0);
    }

    /** The distance from behind this doubleword to the label. */
    void distance(Label label) {
        fixups.add(new Fixup(size(), label, 0, true));
        dword(0);
    }

    void align(int boundary) {
        while (size() % boundary != 0) {
            octet(0);
        }
    }

    /** Room for variables, aligned to 16 bytes, that is zero in the beginning. */
    Label room(int bytes) {
        Label label = new Label();
        rooms.add(new Room(label, bytes));
        return label;
    }

    /** Places the rooms and fills in the addresses. */
    byte[] finish() {
        align(16);
        end.bind(size());
        int at = size();
        for (Room room : rooms) {
            room.label.bind(at);
            at += room.bytes + 15 & -16;
        }
        roomEnd.bind(at);
        byte[] image = bytes.toByteArray();
        for (Fixup f : fixups) {
            int base = f.relative ? -(f.at + 4) : origin;
            int value = base + f.label.offset() + f.addend;
            for (int i = 0; i < 4; i++) {
                image[f.at + i] = (byte) (value >>> 8 * i);
            }
        }
        return image;
    }
}
