package trivium.x86.vectors;

import java.util.BitSet;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Segment;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.mmu.MmuStrategy;

/**
 * Runs real-mode tests of SingleStepTests on one CPU model: an 8086 for one instruction, later ones
 * until they halt. Besides the registers and the listed bytes it compares everything the engine
 * stored: what is not listed must be unchanged.
 */
final class MooRunner implements AutoCloseable {
    private static final int RAM_BYTES = 16 << 20;
    private static final int I8086_RAM_BYTES = 1 << 20;
    private static final int MAX_STEPS = 1 << 17;

    /** Flags that exist: CF PF AF ZF SF TF IF DF OF; on a 386 IOPL NT VM too. */
    private static final int FLAGS_16 = 0xfd5, FLAGS_386 = 0x2_7fd5;

    /** CR0 of a 386: PG ET TS EM MP PE. */
    private static final int CR0_386 = 0x8000_001f;

    /** SDM Vol. 3A "Processor State After Reset": present, writable data, accessed. */
    private static final int REAL_MODE_ATTRIBUTES = 0x93;

    private final ExecutionEngine engine;
    private final MmuStrategy mmu;
    private final CpuModel model;
    private final VectorMemory memory;
    private final VectorVcpu vcpu;
    private final VcpuState reset = new VcpuState();
    private final BitSet compared = new BitSet();
    private final int[] mask = new int[MooTest.REGISTERS];
    private VcpuRunner runner;

    MooRunner(ExecutionEngine engine, MmuStrategy mmu, CpuModel model) {
        this.engine = engine;
        this.mmu = mmu;
        this.model = model;
        memory =
                model == CpuModel.I8086
                        ? new VectorMemory(I8086_RAM_BYTES, I8086_RAM_BYTES - 1, true)
                        : new VectorMemory(RAM_BYTES, RAM_BYTES - 1, true);
        vcpu = new VectorVcpu(model, memory);
        reset.idtrLimit = 0x3ff;
        reset.gdtrLimit = 0xffff;
        reset.ldtr.set(0, 0, 0xffff, 0x82);
        reset.tr.set(0, 0, 0xffff, 0x8b);
        reset.fcw = 0x37f;
        reset.mxcsr = 0x1f80;
        runner = engine.attach(vcpu, mmu);
    }

    /**
     * @param flagsMask defined flags by the set's metadata
     */
    void run(MooTest test, int flagsMask, Differences differences) {
        memory.commit();
        prepare(test);
        int start = memory.journalled();
        try {
            String failure = execute(test);
            if (failure != null) {
                differences.add(failure);
            } else {
                compare(test, flagsMask, start, differences);
            }
        } catch (RuntimeException | AssertionError e) {
            differences.add("the engine threw " + Failures.describe(e));
            runner.close();
            runner = engine.attach(vcpu, mmu);
        }
        memory.undo(0);
    }

    private void prepare(MooTest t) {
        VcpuState s = vcpu.state();
        s.set(reset);
        for (int i = 0; i < 8; i++) {
            s.gpr[i] = t.initial[i] & 0xffff_ffffL;
        }
        for (int i = 0; i < 6; i++) {
            int selector = t.initial[MooTest.SEGMENTS + i];
            s.segments[i].set(selector, (long) selector << 4, 0xffff, REAL_MODE_ATTRIBUTES);
        }
        s.rip = t.initial[MooTest.IP] & 0xffff_ffffL;
        s.rflags = t.initial[MooTest.FLAGS] & flagsThatExist() | 2;
        if (model == CpuModel.I386) {
            s.cr0 = t.initial[MooTest.CR0] & CR0_386 & 0xffff_ffffL;
            s.cr3 = t.initial[MooTest.CR3] & 0xffff_ffffL;
            s.dr[6] = t.initial[MooTest.DR6] & 0xffff_ffffL;
            s.dr[7] = t.initial[MooTest.DR7] & 0xffff_ffffL;
        }
        for (int i = 0; i < t.initialRam.size; i++) {
            memory.write(t.initialRam.addresses[i] & 0xffff_ffffL, 1, t.initialRam.values[i]);
        }
    }

    private int flagsThatExist() {
        return model == CpuModel.I386 ? FLAGS_386 : FLAGS_16;
    }

    private String execute(MooTest test) {
        return model == CpuModel.I8086 ? executeOne(test) : executeToHalt();
    }

    private String executeOne(MooTest test) {
        VcpuState s = vcpu.state();
        boolean repeats = RepeatedString.is(test.bytes, test.bytes.length, false, true);
        int ip = test.initial[MooTest.IP];
        int steps = 0;
        do {
            VcpuExit exit = runner.step();
            if (exit != null && !(exit instanceof VcpuExit.Halted)) {
                return "the engine stopped: " + exit;
            }
        } while (repeats && s.rip == ip && steps++ < MAX_STEPS);
        return null;
    }

    private String executeToHalt() {
        for (int steps = 0; steps < MAX_STEPS; steps++) {
            VcpuExit exit = runner.step();
            if (exit instanceof VcpuExit.Halted) {
                return null;
            }
            if (exit != null) {
                return "the engine stopped: " + exit;
            }
        }
        return "not halted after %d steps, at cs %04x ip %x"
                .formatted(
                        MAX_STEPS, vcpu.state().segments[VcpuState.CS].selector, vcpu.state().rip);
    }

    private void compare(MooTest t, int flagsMask, int journalStart, Differences d) {
        System.arraycopy(t.mask, 0, mask, 0, mask.length);
        mask[MooTest.FLAGS] &= flagsMask & flagsThatExist();
        compareRegisters(t, d);
        compareListedMemory(t, pushedFlags(t), d);
        compareStores(journalStart, d);
        forgetCompared(t, journalStart);
    }

    /** Bit by bit: clearing all of the set would cost more than the test. */
    private void forgetCompared(MooTest t, int journalStart) {
        for (int i = 0; i < t.expectedRam.size; i++) {
            compared.clear(t.expectedRam.addresses[i] & 0xff_ffff);
        }
        for (int i = journalStart; i < memory.journalled(); i++) {
            compared.clear(memory.journalAddress(i));
        }
    }

    private void compareRegisters(MooTest t, Differences d) {
        VcpuState s = vcpu.state();
        int width = model == CpuModel.I386 ? -1 : 0xffff;
        for (int i = 0; i < 8; i++) {
            int compare = mask[i] & width;
            d.compare(
                    MooTest.NAMES[i],
                    t.expected[i] & compare & 0xffff_ffffL,
                    s.gpr[i] & compare & 0xffff_ffffL);
        }
        compareRegister(t, MooTest.IP, (int) s.rip, d);
        d.compareFlags(t.expected[MooTest.FLAGS], (int) s.rflags, mask[MooTest.FLAGS]);
        int segments = model == CpuModel.I386 ? 6 : 4;
        for (int i = 0; i < segments; i++) {
            Segment segment = s.segments[i];
            compareRegister(t, MooTest.SEGMENTS + i, segment.selector, d);
            if (segment.base != (long) segment.selector << 4) {
                d.add("%s: base is %x".formatted(MooTest.NAMES[10 + i], segment.base));
            }
        }
        if (model == CpuModel.I386) {
            mask[MooTest.CR0] &= CR0_386;
            compareRegister(t, MooTest.CR0, (int) s.cr0, d);
            compareRegister(t, MooTest.CR3, (int) s.cr3, d);
            compareRegister(t, MooTest.DR6, (int) s.dr[6], d);
            compareRegister(t, MooTest.DR7, (int) s.dr[7], d);
        }
    }

    private void compareRegister(MooTest t, int register, int actual, Differences d) {
        d.compare(
                MooTest.NAMES[register],
                t.expected[register] & mask[register] & 0xffff_ffffL,
                actual & mask[register] & 0xffff_ffffL);
    }

    /**
     * Where an exception pushed the flags, or -1: in a frame of three words that is still on top of
     * the stack. What EXCP says is even also where the stack is odd. The 8086 sets do not mark
     * exceptions: there the frame itself tells.
     */
    private int pushedFlags(MooTest t) {
        boolean frame = (t.initial[MooTest.SP] - t.expected[MooTest.SP] & 0xffff) == 6;
        boolean left = t.initial[MooTest.CS] != t.expected[MooTest.CS];
        if (model == CpuModel.I8086 ? !frame || !left : t.exception < 0) {
            return -1;
        }
        int offset = t.expected[MooTest.SP] + 4 & 0xffff;
        int gpa = (t.expected[MooTest.SS] << 4) + offset;
        if (model == CpuModel.I8086) {
            return gpa & I8086_RAM_BYTES - 1;
        }
        return (gpa & ~1) == (t.pushedFlagsAddress & ~1) ? gpa : t.pushedFlagsAddress;
    }

    /** Bits that do not exist are the same on every chip of a model, so they are compared. */
    private int pushedFlagsMask() {
        return mask[MooTest.FLAGS] | ~flagsThatExist();
    }

    private void compareListedMemory(MooTest t, int pushedFlags, Differences d) {
        int pushedMask = pushedFlagsMask();
        for (int i = 0; i < t.expectedRam.size; i++) {
            int gpa = t.expectedRam.addresses[i];
            int defined = 0xff;
            if (pushedFlags >= 0 && gpa - pushedFlags >>> 1 == 0) {
                defined = pushedMask >> 8 * (gpa - pushedFlags) & 0xff;
            }
            int expected = t.expectedRam.values[i] & defined;
            int actual = (int) memory.read(gpa & 0xffff_ffffL, 1) & defined;
            if (expected != actual) {
                d.add("memory %06x: expected %02x, got %02x".formatted(gpa, expected, actual));
            }
            compared.set(gpa & 0xff_ffff);
        }
    }

    private void compareStores(int start, Differences d) {
        for (int i = start; i < memory.journalled(); i++) {
            int gpa = memory.journalAddress(i);
            if (!compared.get(gpa)) {
                compared.set(gpa);
                int before = memory.journalByte(i);
                int after = (int) memory.read(gpa, 1);
                if (before != after) {
                    d.add("memory %06x: %02x became %02x".formatted(gpa, before, after));
                }
            }
        }
    }

    /** The present one: a failure may have made it a new one. */
    VcpuRunner engineRunner() {
        return runner;
    }

    @Override
    public void close() {
        runner.close();
        memory.close();
    }
}
