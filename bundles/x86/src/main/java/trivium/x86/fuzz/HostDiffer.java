package trivium.x86.fuzz;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;
import trivium.x86.decode.Decoder;

/**
 * Runs random user code on the host's own CPU, on the interpreter and on an engine, and compares
 * registers, status flags, floating-point state and memory. Bound to one thread.
 */
public final class HostDiffer implements AutoCloseable {
    private static final Differ.Outcome SAME = new Differ.Same();

    private final HostCpu host;
    private final HostPrograms programs;
    private final HostBoard candidate;
    private long instructions;

    /**
     * @throws IOException if the host cannot: see {@link #missing}
     */
    public HostDiffer(ExecutionEngine candidate) throws IOException {
        host = new HostCpu(HostBoard.DATA_BYTES);
        long data = host.data().address();
        programs = new HostPrograms(host.program(), data);
        this.candidate = new HostBoard(candidate, host.program(), data);
    }

    /** Why no programs can run on this host; empty if they can. */
    public static Optional<String> missing() {
        return Optional.ofNullable(HostCpu.missing());
    }

    /** Makes the program of this seed and runs it. */
    public Differ.Outcome check(long seed) {
        HostPrograms.Made made = programs.make(seed);
        if (made.code().isEmpty()) {
            return new Differ.Undefined();
        }
        instructions += made.code().size();
        String difference = engine(made);
        if (difference != null) {
            String text = "the engine differs from the interpreter: " + difference;
            return new Differ.Different(seed, report(seed, made, made.code().size(), text));
        }
        if (host(made, made.code().size()) == null) {
            return SAME;
        }
        int first = 1;
        while (host(made, first) == null) {
            first++;
        }
        String text = "the interpreter differs from the host: " + host(made, first);
        return new Differ.Different(seed, report(seed, made, first, text));
    }

    /** Twice, since the first time nothing is in the TLB. */
    private String engine(HostPrograms.Made made) {
        byte[] code = HostPrograms.join(made.code());
        String difference = null;
        for (int i = 0; i < 2 && difference == null; i++) {
            candidate.load(made.start(), code, made.data());
            VcpuState end = candidate.run();
            difference = StateDifference.of(end, made.ends().getLast(), made.undefined().getLast());
            if (difference == null) {
                difference = bytes(candidate.data(), made.dataAfter());
            }
        }
        return difference;
    }

    /** The first instructions of a program on the host; memory is compared after all of them. */
    private String host(HostPrograms.Made made, int count) {
        MemorySegment.copy(
                MemorySegment.ofArray(made.data()), 0, host.data(), 0, made.data().length);
        VcpuState actual = new VcpuState();
        actual.set(made.start());
        host.run(HostPrograms.join(made.code().subList(0, count)), actual);
        VcpuState expected = made.ends().get(count - 1);
        actual.rip = expected.rip;
        // Not every CPU stores these without an exception pending.
        actual.fop = expected.fop;
        actual.fip = expected.fip;
        actual.fdp = expected.fdp;
        actual.fcs = expected.fcs;
        actual.fds = expected.fds;
        String difference = StateDifference.of(expected, actual, made.undefined().get(count - 1));
        if (difference != null || count < made.code().size()) {
            return difference;
        }
        byte[] data = new byte[made.data().length];
        MemorySegment.copy(host.data(), 0, MemorySegment.ofArray(data), 0, data.length);
        return bytes(made.dataAfter(), data);
    }

    private static String bytes(byte[] actual, byte[] expected) {
        int at = Arrays.mismatch(actual, expected);
        return at < 0
                ? null
                : "data at %#x: %02x, expected %02x".formatted(at, actual[at], expected[at]);
    }

    private String report(long seed, HostPrograms.Made made, int count, String difference) {
        StringBuilder out = new StringBuilder("seed %d, %s%n".formatted(seed, difference));
        Report.registers(out, made.start());
        byte[] code = HostPrograms.join(made.code().subList(0, count));
        Decoder decoder = new Decoder(HostBoard.MODEL);
        Report.listing(out, decoder, 64, code, code.length, made.start().rip);
        return out.toString();
    }

    /** Instructions of all programs. */
    public long instructions() {
        return instructions;
    }

    /** A counter of the engine's. */
    public long counter(String name) {
        return candidate.runner.counters().getOrDefault(name, 0L);
    }

    @Override
    public void close() {
        candidate.close();
        programs.close();
        host.close();
    }
}
