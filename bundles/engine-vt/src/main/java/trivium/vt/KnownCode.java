package trivium.vt;

import java.util.Arrays;
import java.util.BitSet;
import trivium.memory.PhysicalMemory;
import trivium.x86.decode.CodeBytes;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;

/**
 * The instructions of a page of 64-bit code that are known to be such: those where the page was
 * entered, what follows them, and where they and those lead directly within the page. That a call
 * returns and that each branch may go both ways is taken for granted. Nothing is known behind bytes
 * that are no instruction of the VM's CPU, nor behind those that CPUs take for different ones.
 */
final class KnownCode {
    private static final int BYTES = PhysicalMemory.PAGE_BYTES;

    private final Decoder decoder;
    private final byte[] page;

    /** Where instructions begin, which bytes are one's, and where their opcodes are. */
    private final boolean[] begins = new boolean[BYTES],
            covered = new boolean[BYTES],
            opcodes = new boolean[BYTES];

    private final int[] todo = new int[BYTES];
    private int left, at;
    private final CodeBytes code = this::next;

    /**
     * @param page whose bytes change before each {@link #follow}
     */
    KnownCode(Decoder decoder, byte[] page) {
        this.decoder = decoder;
        this.page = page;
    }

    private int next() {
        return at < BYTES ? page[at++] & 0xff : past();
    }

    private int past() {
        at++;
        return 0;
    }

    /** Finds what can be known of the page as it is now. */
    void follow(BitSet entries) {
        Arrays.fill(begins, false);
        Arrays.fill(covered, false);
        Arrays.fill(opcodes, false);
        entries.stream().forEach(this::push);
        while (left > 0) {
            run(todo[--left]);
        }
    }

    /** Whether a known instruction has its opcode there. */
    boolean opcode(int i) {
        return opcodes[i];
    }

    /** Whether a byte lies in a known instruction. */
    boolean covers(int i) {
        return covered[i];
    }

    private void push(long ip) {
        if (ip >= 0 && ip < BYTES && !begins[(int) ip]) {
            begins[(int) ip] = true;
            todo[left++] = (int) ip;
        }
    }

    private void run(int start) {
        for (int ip = start; ; ) {
            markOpcode(ip); // even if it is one of the host's CPU alone
            Instruction in = decode(ip);
            if (in == null) {
                return;
            }
            int end = Math.min(ip + in.length, BYTES);
            Arrays.fill(covered, ip, end, true);
            if (relative(in.opcode)) {
                push(ip + in.length + in.imm);
            }
            if (ends(in) || end == BYTES || begins[end]) {
                return;
            }
            begins[end] = true;
            ip = end;
        }
    }

    private Instruction decode(int ip) {
        at = ip;
        try {
            Instruction in = decoder.decode(code, 64);
            return in.row == null || ambiguous(in) ? null : in;
        } catch (Decoder.TooLong _) {
            return null;
        }
    }

    /** Near branches with 66: Intel's CPUs ignore it, AMD's do not (APM Vol. 3, "JMP (Near)"). */
    private static boolean ambiguous(Instruction in) {
        boolean near = relative(in.opcode) || in.opcode == 0xc2 || in.opcode == 0xc3;
        boolean indirect = in.opcode == 0xff && (in.reg & 7) >= 2 && (in.reg & 7) <= 5;
        return in.operandSizePrefix && (in.rex & 8) == 0 && (near || indirect);
    }

    private void markOpcode(int ip) {
        int i = opcode(page, ip);
        if (i < BYTES) {
            opcodes[i] = true;
        }
    }

    /** Where an instruction's opcode is, behind prefixes. */
    static int opcode(byte[] page, int ip) {
        int i = ip;
        while (i < BYTES && prefix(page[i] & 0xff)) {
            i++;
        }
        return i;
    }

    private static boolean prefix(int octet) {
        return switch (octet) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
            default -> (octet & 0xf0) == 0x40;
        };
    }

    private static boolean relative(int opcode) {
        return opcode >= 0x70 && opcode <= 0x7f
                || opcode >= 0x0f80 && opcode <= 0x0f8f
                || opcode >= 0xe0 && opcode <= 0xe3
                || opcode == 0xe8
                || opcode == 0xe9
                || opcode == 0xeb;
    }

    /** Whether nothing is known of what follows: JMP, RET, IRET, INT3, HLT, SYSEXIT, UD. */
    private static boolean ends(Instruction in) {
        return switch (in.opcode) {
            case 0xe9, 0xeb, 0xc2, 0xc3, 0xca, 0xcb, 0xcf, 0xcc, 0xf1, 0xf4 -> true;
            case 0x0f07, 0x0f0b, 0x0f34, 0x0f35, 0x0fb9, 0x0fff -> true;
            case 0xff -> (in.reg & 7) == 4 || (in.reg & 7) == 5;
            default -> false;
        };
    }
}
