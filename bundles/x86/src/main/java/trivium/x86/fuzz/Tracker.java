package trivium.x86.fuzz;

import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.x86.InterpreterEngine;
import trivium.x86.PageWalker;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;

/** Runs a program instruction by instruction and tells whether its result is defined at all. */
final class Tracker implements AutoCloseable {
    private final Side side;
    private final PageWalker walker;
    private final Decoder decoder;
    private final VcpuState s;
    private UndefinedFlags flags;
    private boolean undefined;

    Tracker(CpuModel model) {
        side = new Side(new InterpreterEngine(), model, new WalkingStrategy());
        s = side.vcpu.state();
        walker = new PageWalker(s, side.vcpu.memory, model);
        decoder = new Decoder(model);
    }

    /**
     * @param instructions how many the program runs
     * @return the status flags that are undefined at the end, or -1 if the program depends on
     *     something undefined or on devices holding code
     */
    int run(Program program, Program.Image image, long instructions) {
        flags = new UndefinedFlags();
        undefined = false;
        side.load(program, image);
        long end = side.runner.instructions() + instructions;
        while (side.runner.instructions() < end) {
            look();
            if (undefined || flags.used()) {
                return -1;
            }
            VcpuExit exit = side.runner.step();
            if (inStub()) {
                flags.exception();
            }
            if (exit != null) {
                break;
            }
        }
        return flags.used() ? -1 : flags.undefined();
    }

    private boolean inStub() {
        return s.rip >= Layout.STUBS
                && s.rip < Layout.STUBS + 0x1000
                && s.segments[VcpuState.CS].base == 0;
    }

    private void look() {
        Segment cs = s.segments[VcpuState.CS];
        boolean long64 = (s.efer & 1 << 10) != 0 && (cs.attributes & Segment.L) != 0;
        int bits = long64 ? 64 : (cs.attributes & Segment.DB) != 0 ? 32 : 16;
        long linear = long64 ? s.rip : cs.base + s.rip & 0xffff_ffffL;
        long[] at = {linear};
        try {
            Instruction in = decoder.decode(() -> octet(at[0]++), bits);
            undefined |= in.row != null && UndefinedFlags.undefinedResult(in, s);
            flags.step(in, s);
        } catch (Decoder.TooLong _) {
            // #GP: the stub tells.
        }
    }

    private int octet(long linear) {
        long gpa = walker.paging() ? walker.probe(linear) : linear;
        if (gpa == Mmu.FAULT) {
            return 0;
        }
        undefined |= gpa >= FuzzMemory.MMIO && gpa < FuzzMemory.ROM;
        return side.vcpu.memory.readQuietly(gpa);
    }

    @Override
    public void close() {
        side.close();
    }
}
