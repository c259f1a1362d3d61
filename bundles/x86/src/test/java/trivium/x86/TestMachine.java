package trivium.x86;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.LongSupplier;
import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;
import trivium.x86.fuzz.WalkingStrategy;
import trivium.x86.interp.Interpreter;
import trivium.x86.plain.PlainMemory;
import trivium.x86.plain.PlainVcpu;

/**
 * One vCPU on the interpreter with a few MiB of RAM, for tests of single instructions and short
 * programs: no devices, interrupts by hand, port writes remembered. In real mode code lies at
 * 0000:1000, the stack below 0000:8000.
 */
public final class TestMachine extends PlainVcpu implements AutoCloseable {
    public static final int RAM_BYTES = 4 << 20;
    public static final int CODE = 0x1000, STACK = 0x8000;

    private final PlainMemory memory = new PlainMemory(Arena.ofAuto(), RAM_BYTES);
    private final Queue<Integer> vectors = new ArrayDeque<>();

    /** "port=value" in hex, for each OUT. */
    public final List<String> output = new ArrayList<>();

    /** What RDTSC reads. */
    public LongSupplier tsc = () -> 1000;

    public final VcpuState s = state();
    private final Interpreter interpreter;

    /** After power-on, but in a flat real mode at {@link #CODE}. */
    public TestMachine(CpuModel model) {
        super(model);
        Reset.powerOn(s, model);
        s.segments[VcpuState.CS].set(0, 0, 0xffff, 0x9b);
        s.rip = CODE;
        s.gpr[VcpuState.RSP] = STACK;
        interpreter = new Interpreter(this, new WalkingStrategy().attach(this));
    }

    // ---- memory

    public TestMachine bytes(long gpa, int... octets) {
        for (int i = 0; i < octets.length; i++) {
            memory.write(gpa + i, 1, octets[i]);
        }
        return this;
    }

    /** Machine code in hex at the present instruction pointer. */
    public TestMachine code(String hex) {
        return code(s.segments[VcpuState.CS].base + s.rip, hex);
    }

    public TestMachine code(long gpa, String hex) {
        String digits = hex.replace(" ", "");
        for (int i = 0; i < digits.length(); i += 2) {
            memory.write(gpa + i / 2, 1, Integer.parseInt(digits, i, i + 2, 16));
        }
        return this;
    }

    public long read(long gpa, int size) {
        return memory.read(gpa, size);
    }

    public TestMachine write(long gpa, int size, long value) {
        memory.write(gpa, size, value);
        return this;
    }

    // ---- running

    public VcpuExit step() {
        return interpreter.step();
    }

    public TestMachine steps(int count) {
        for (int i = 0; i < count; i++) {
            interpreter.step();
        }
        return this;
    }

    /** Until HLT, a triple fault, or a kick. */
    public VcpuExit run() {
        return interpreter.run();
    }

    public VcpuExit run(long instructions) {
        return interpreter.run(instructions);
    }

    public long instructions() {
        return interpreter.instructions();
    }

    /** One of the interpreter's counters. */
    public long counter(String name) {
        return interpreter.counters().get(name);
    }

    public void interrupt(int vector) {
        vectors.add(vector);
        raise(INTR);
    }

    @Override
    public PlainMemory memory() {
        return memory;
    }

    @Override
    public PortIo ports() {
        return new PortIo() {
            @Override
            public int in(int port, int size) {
                return -1 >>> 32 - 8 * size;
            }

            @Override
            public void out(int port, int size, int value) {
                output.add("%x=%x".formatted(port, value & -1 >>> 32 - 8 * size));
            }
        };
    }

    @Override
    public int sipiVector() {
        return 0x12;
    }

    @Override
    public int acknowledgeInterrupt() {
        Integer vector = vectors.poll();
        if (vectors.isEmpty()) {
            take(INTR);
        }
        return vector == null ? -1 : vector;
    }

    @Override
    public long tsc() {
        return tsc.getAsLong();
    }

    @Override
    public void close() {
        interpreter.close();
    }
}
