package trivium.bt;

import static trivium.bt.Asm.E;

import java.util.Arrays;
import java.util.Set;
import trivium.cpu.VcpuState;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;

/**
 * Host code for x87, MMX and SSE instructions: the host's own units do the work, on the guest's
 * state. They hold it from the first such instruction on until the code is left; {@link
 * Area#FP_LOADED} tells which of them may be used, and each block looks at that once. That all
 * exceptions are masked was checked at loading, and is by what loads a control word.
 *
 * <p>FIP, FOP and FDP are kept apart, since the host's would tell where host code is: the offset of
 * each x87 memory operand goes to one of two slots in turn; the rest is known from the block, and
 * stored where the block ends. {@link FpNotes} says it for exits in between.
 */
final class Fp {
    private final Gen g;
    private final Asm a;
    private final X87 x87;
    private final Simd simd;

    /** By instruction of the block; see {@link FpNotes}. */
    private int[] notes = new int[256];

    /** The first instructions that looked for the x87 and the SSE state, or a large number. */
    private int firstX87, firstSse;

    private int index, slot;
    private boolean any;

    /**
     * @param host features of the host's CPU, as Linux names them
     */
    Fp(Gen g, Set<String> host) {
        this.g = g;
        a = g.a;
        x87 = new X87(g, this, host);
        simd = new Simd(g, this, host);
    }

    void begin(int instructions) {
        if (notes.length < instructions) {
            notes = new int[2 * instructions];
        }
        Arrays.fill(notes, 0, instructions, 0);
        firstX87 = FpNotes.NONE;
        firstSse = FpNotes.NONE;
        slot = 1;
        any = false;
    }

    /**
     * @param index of the instruction in its block
     * @return false if the interpreter has to do it; nothing was written then
     */
    boolean emit(Instruction in, int index) {
        this.index = index;
        return X87.isX87(in) ? x87.emit(in) : simd.emit(in);
    }

    /** Whether the host does an instruction without ever leaving the block, but to load state. */
    boolean stays(Instruction in) {
        return knows(in) && Simd.memoryOperand(in) < 0;
    }

    private boolean knows(Instruction in) {
        return X87.isX87(in) ? x87.knows(in) : simd.knows(in);
    }

    /** What of the state an instruction needs, if the host does it: bits of {@link FpState}. */
    int units(Instruction in) {
        return !knows(in) ? 0 : X87.isX87(in) ? FpState.X87 : Simd.units(in);
    }

    /** Whether an instruction is of the kinds that this class is for. */
    static boolean concerns(Instruction in) {
        return X87.isX87(in) || Simd.isSimd(in);
    }

    /** Whether this class translates an instruction, on a host that has all. */
    static boolean known(Instruction in) {
        return X87.isX87(in) ? X87.known(in) : Simd.known(in);
    }

    /** Bytes of the memory operand that {@link Gen#operand} reaches, or 0. */
    static int memoryBytes(Instruction in) {
        int memory = Simd.memoryOperand(in);
        if (memory < 0 || !known(in)) {
            return 0;
        }
        return switch (in.mnemonic()) {
            case PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2 -> 0;
            default -> in.bytes(memory);
        };
    }

    static boolean writesMemory(Instruction in) {
        return X87.isX87(in)
                ? X87.stores(in)
                : Simd.memoryOperand(in) == 0 && in.mnemonic() != Mnemonic.LDMXCSR;
    }

    /** The general register that a known instruction changes, or -1. */
    static int changedRegister(Instruction in) {
        return X87.isX87(in)
                ? in.mnemonic() == Mnemonic.FNSTSW && in.opcode == 0xdf ? VcpuState.RAX : -1
                : Simd.generalTarget(in);
    }

    /** The interpreter does the instruction, and with it sets FIP and FDP. */
    void left(Instruction in, int index) {
        if (X87.setsPointers(in)) {
            any = true;
            notes[index] =
                    FpNotes.INTERPRETED
                            | FpNotes.NOTED
                            | (X87.setsDataPointer(in) ? FpNotes.MEMORY : 0);
        }
    }

    // ---- for X87 and Simd

    /** Makes sure that units of {@code which} ({@link FpState}) hold the guest's state. */
    void need(int which) {
        boolean first = false;
        if ((which & FpState.X87) != 0 && firstX87 == FpNotes.NONE) {
            firstX87 = index;
            first = true;
        }
        if ((which & FpState.SSE) != 0 && firstSse == FpNotes.NONE) {
            firstSse = index;
            first = true;
        }
        if (!first) {
            return;
        }
        any = true;
        g.flags.clobber();
        for (int bit = FpState.X87; bit <= FpState.SSE; bit <<= 1) {
            if ((which & bit) != 0) {
                a.testImm(1, Rm.gs(Area.FP_LOADED), bit);
                g.coldFp(a.jcc(E), bit);
            }
        }
    }

    /** An x87 instruction without memory operand that FIP points to afterwards. */
    void note(Instruction in) {
        any = true;
        notes[index] = FpNotes.NOTED | X87.fop(in);
    }

    /** One with a memory operand, whose offset is in T0. */
    void noteData(Instruction in) {
        any = true;
        slot ^= 1;
        a.store(8, Rm.gs(Area.FP_SLOTS + 8 * slot), Gen.T0);
        notes[index] =
                FpNotes.NOTED
                        | FpNotes.MEMORY
                        | (slot == 0 ? 0 : FpNotes.SLOT)
                        | in.segment << FpNotes.SEGMENT
                        | X87.fop(in);
    }

    // ---- ends

    /**
     * The block's end: pointers to memory. Changes no flags; T2 is lost.
     *
     * @param ips of the instructions so far, {@code count} of them
     */
    void flush(long[] ips, int count) {
        if (!any) {
            return;
        }
        int last = FpNotes.last(notes, count, FpNotes.NOTED);
        if (last >= 0 && (notes[last] & FpNotes.INTERPRETED) == 0) {
            long ip = ips[last];
            if (ip == (int) ip) {
                a.storeImm(8, Rm.gs(Area.FP_FIP), (int) ip);
            } else {
                a.movImm(Gen.T2, ip);
                a.store(8, Rm.gs(Area.FP_FIP), Gen.T2);
            }
            a.storeImm(4, Rm.gs(Area.FP_FOP), notes[last] & FpNotes.FOP);
            a.load(4, Gen.T2, Rm.gs(Area.SELECTOR + 4 * VcpuState.CS));
            a.store(4, Rm.gs(Area.FP_FCS), Gen.T2);
        }
        int data = FpNotes.last(notes, count, FpNotes.MEMORY);
        if (data >= 0 && (notes[data] & FpNotes.INTERPRETED) == 0) {
            a.load(8, Gen.T2, Rm.gs(FpNotes.slot(notes[data])));
            a.store(8, Rm.gs(Area.FP_FDP), Gen.T2);
            a.load(4, Gen.T2, Rm.gs(Area.SELECTOR + 4 * FpNotes.segment(notes[data])));
            a.store(4, Rm.gs(Area.FP_FDS), Gen.T2);
        }
    }

    /**
     * @return null if the block has nothing to do with floating point
     */
    FpNotes notes(int instructions) {
        return any ? new FpNotes(Arrays.copyOf(notes, instructions), firstX87, firstSse) : null;
    }
}
