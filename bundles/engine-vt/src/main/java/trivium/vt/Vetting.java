package trivium.vt;

import java.util.Arrays;
import java.util.BitSet;
import java.util.zip.CRC32C;
import trivium.cpu.CpuModel;
import trivium.hostos.HostMemory;
import trivium.memory.PhysicalMemory;
import trivium.x86.decode.CodeBytes;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;

/**
 * Which instructions a page of 64-bit code has that would do in KVM, in ring 3, what the VM's CPU
 * would not do, on hosts where they cannot be intercepted.
 *
 * <p>Those that tell of the host are looked for at every offset. Bytes of that kind are passed over
 * only in the middle of instructions that are known to be reached ({@link KnownCode}). Those that
 * merely depend on selectors and flags, of which ring 3 gets the same ones on every host, are
 * looked for in the instructions as they follow each other, since their opcodes are too common as
 * other bytes.
 */
final class Vetting {
    /** CPUID, RDTSC, RDTSCP, RDPMC, XGETBV, RDPID, RDFSBASE, RDRAND, FXSAVE, XSAVE and friends. */
    static final int HOST = 1 << 0;

    /** Loads of segment registers, far transfers, POPF, and questions about descriptors. */
    static final int SEGMENTS = 1 << 1;

    /** MOV and PUSH of segment registers. */
    static final int SELECTORS = 1 << 2;

    static final int PUSHF = 1 << 3, SYSCALL = 1 << 4;

    /** Something at the end of the page, of which the next one's first bytes tell what it is. */
    static final int OPEN = 1 << 5;

    private static final int BYTES = PhysicalMemory.PAGE_BYTES;

    private final boolean umip;
    private final Decoder decoder = new Decoder(CpuModel.X86_64);
    private final byte[] page = new byte[BYTES], again = new byte[BYTES];
    private final KnownCode known = new KnownCode(decoder, page);
    private final Readings readings = new Readings(decoder, page);
    private final boolean[] seen = new boolean[BYTES];
    private int at;
    private final CodeBytes code = () -> at < BYTES ? page[at++] & 0xff : past();

    /**
     * @param umip whether the host faults where SGDT, SIDT, SLDT, SMSW and STR are in ring 3
     */
    Vetting(boolean umip) {
        this.umip = umip;
    }

    private int past() {
        at++;
        return 0;
    }

    /** Takes what a page holds now; all else is about that. */
    void look(long hva) {
        HostMemory.copy(hva, page, 0, BYTES);
        readings.forget();
    }

    /** A number that is another one, as good as always, if the page holds something else. */
    long sum() {
        CRC32C crc = new CRC32C();
        crc.update(page);
        return crc.getValue() << 32 | Arrays.hashCode(page) & 0xffff_ffffL;
    }

    /**
     * @param entries where in the page instructions are known to begin
     * @return a set of the bits above
     */
    int of(BitSet entries) {
        int found = anywhere(false);
        if (found != 0) {
            known.follow(entries);
            found = anywhere(true);
        }
        if ((found & HOST) != 0) {
            return HOST;
        }
        Arrays.fill(seen, false);
        found |= sweep(0);
        for (int at = entries.nextSetBit(0); at >= 0; at = entries.nextSetBit(at + 1)) {
            found |= sweep(at);
        }
        return found;
    }

    private int anywhere(boolean butHarmless) {
        int found = 0;
        for (int i = 0; i < BYTES && (found & HOST) == 0; i++) {
            int here = page[i] == 0x0f ? tells(page, i) : 0;
            found |= here != 0 && butHarmless && harmless(i) ? 0 : here;
        }
        return found;
    }

    /** Whether whoever executes what begins there jumped into the middle of an instruction. */
    private boolean harmless(int i) {
        return !known.opcode(i) && (known.covers(i) || readings.passOver(i));
    }

    /** The first two bytes of what {@link #look} saw last, or the last two. */
    byte[] edge(boolean last) {
        int from = last ? BYTES - 2 : 0;
        return Arrays.copyOfRange(page, from, from + 2);
    }

    /**
     * Whether what begins in the last bytes of a page and goes on in the next tells of the host.
     */
    boolean tell(byte[] last, byte[] first) {
        byte[] both = {last[0], last[1], first[0], first[1]};
        return both[0] == 0x0f && tells(both, 0) == HOST
                || both[1] == 0x0f && tells(both, 1) == HOST;
    }

    /** Whether the page still is what {@link #look} saw last. */
    boolean same(long hva) {
        HostMemory.copy(hva, again, 0, BYTES);
        return Arrays.equals(page, again);
    }

    /**
     * What the two-byte opcode there is.
     *
     * @return HOST, OPEN, or 0
     */
    private int tells(byte[] in, int i) {
        if (i + 1 == in.length) {
            return OPEN;
        }
        int modRm = i + 2 < in.length ? in[i + 2] & 0xff : -1;
        boolean register = modRm >= 0xc0;
        int reg = modRm >> 3 & 7;
        return switch (in[i + 1] & 0xff) {
            case 0x31, 0x33, 0xa2 -> HOST;
            case 0x00 -> umip ? 0 : HOST;
            case 0x01 -> which(modRm, register || !umip);
            // not LFENCE, MFENCE, SFENCE; FXRSTOR, LDMXCSR, STMXCSR, CLFLUSH
            case 0xae -> which(modRm, register ? reg < 5 : reg == 0 || reg > 3 && reg < 7);
            // not CMPXCHG8B, CMPXCHG16B
            case 0xc7 -> which(modRm, register || reg != 1);
            default -> 0;
        };
    }

    private static int which(int modRm, boolean tells) {
        return modRm < 0 ? OPEN : tells ? HOST : 0;
    }

    /** Goes from instruction to instruction until it gets to one that was seen. */
    private int sweep(int start) {
        int found = 0;
        for (int ip = start; ip < BYTES && !seen[ip]; ) {
            seen[ip] = true;
            at = ip;
            try {
                Instruction in = decoder.decode(code, 64);
                found |= kind(in);
                ip += Math.max(in.length, 1);
            } catch (Decoder.TooLong _) {
                ip++;
            }
        }
        return found;
    }

    private static int kind(Instruction in) {
        int reg = in.reg & 7;
        return switch (in.opcode) {
            case 0x8e, 0xca, 0xcb, 0xcf, 0x9d -> SEGMENTS;
            case 0xff -> reg == 3 || reg == 5 ? SEGMENTS : 0;
            case 0x0f00 -> reg == 4 || reg == 5 ? SEGMENTS : 0;
            case 0x0f02, 0x0f03, 0x0fa1, 0x0fa9, 0x0fb2, 0x0fb4, 0x0fb5 -> SEGMENTS;
            case 0x8c, 0x0fa0, 0x0fa8 -> SELECTORS;
            case 0x9c -> PUSHF;
            case 0x0f05 -> SYSCALL;
            default -> 0;
        };
    }
}
