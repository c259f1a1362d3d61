package trivium.vt;

import java.util.Arrays;
import trivium.memory.PhysicalMemory;
import trivium.x86.decode.CodeBytes;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;

/**
 * What bytes tell of code that nobody entered yet. Code that is read from a wrong byte on soon
 * reads right. So it is read from each of many bytes well before a place; what lies in the middle
 * of an instruction in all of these readings is executed only by a jump into the middle, or if a
 * jump leads to a place shortly before it and what is before that is no code. Since such a place is
 * aligned as a rule, there is a reading from there, too. Bytes that no reading gets past are not
 * judged.
 */
final class Readings {
    private static final int BYTES = PhysicalMemory.PAGE_BYTES, ALIGNED = 16;

    /**
     * The first reading begins so many bytes before a place, and all go well on the last so many.
     */
    private static final int BEFORE = 96, WELL = 64;

    /** Instead of a length. */
    private static final byte NONE = -1, VEX = -2;

    private final Decoder decoder;
    private final byte[] page;

    /** Of the instruction at each byte; 0: not known. */
    private final byte[] lengths = new byte[BYTES];

    private final boolean[] begins = new boolean[BEFORE + 1];
    private int at;
    private final CodeBytes code = this::next;

    /**
     * @param page of which {@link #forget} is told whenever it changes
     */
    Readings(Decoder decoder, byte[] page) {
        this.decoder = decoder;
        this.page = page;
    }

    private int next() {
        int i = at++;
        return i < BYTES ? page[i] & 0xff : 0;
    }

    void forget() {
        Arrays.fill(lengths, (byte) 0);
    }

    /**
     * Whether readings get past a byte, and none has an instruction that begins, or has its opcode,
     * there.
     */
    boolean passOver(int place) {
        int first = Math.max(place - BEFORE, 0);
        if (place < first + ALIGNED + WELL) {
            return false;
        }
        Arrays.fill(begins, 0, ALIGNED, true);
        Arrays.fill(begins, ALIGNED, begins.length, false);
        int past = 0;
        for (int i = first; i <= place; i++) {
            if (begins[i - first]) {
                int end = end(i, place);
                if (end < 0) {
                    return false;
                }
                past += end > place ? 1 : 0;
                begins[Math.min(end, place) - first] |= end <= place;
            }
        }
        return past > 0 && alignedPassesOver(place);
    }

    private boolean alignedPassesOver(int place) {
        int i = place & -ALIGNED;
        while (i <= place && KnownCode.opcode(page, i) != place) {
            i += Math.max(length(i), 1);
        }
        return i > place;
    }

    /**
     * @return where what begins there ends, which is there if it is no instruction; -1 if a place
     *     cannot be passed over for it
     */
    private int end(int i, int place) {
        int length = length(i);
        boolean bad = length == VEX || length == NONE && i >= place - WELL;
        return bad || KnownCode.opcode(page, i) == place ? -1 : i + Math.max(length, 0);
    }

    private int length(int i) {
        if (lengths[i] == 0) {
            at = i;
            try {
                Instruction in = decoder.decode(code, 64);
                lengths[i] = in.row != null ? (byte) in.length : vex(in) ? VEX : NONE;
            } catch (Decoder.TooLong _) {
                lengths[i] = NONE;
            }
        }
        return lengths[i];
    }

    /** What only the host's CPU knows the length of. */
    private static boolean vex(Instruction in) {
        return in.opcode == 0xc4 || in.opcode == 0xc5 || in.opcode == 0x62;
    }
}
