package trivium.vm;

import java.util.List;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;

/** Measures how fast engines and MMU strategies run guests, beside the host itself. A service. */
@ProviderType
public interface Benchmark {
    /** Words for {@link Plan#kernels}: each kernel by name, then groups of them. */
    List<String> kernels();

    /**
     * Runs each kernel under each engine and strategy, in VMs that nobody else sees.
     *
     * @param progress told before each run; must not block
     * @throws VmException if something in the plan cannot be
     * @throws InterruptedException if the thread is interrupted; no VM is left then
     */
    Report run(Plan plan, Consumer<Step> progress) throws VmException, InterruptedException;

    /**
     * What to measure; an empty list stands for the usual.
     *
     * @param bits 32 and 64
     * @param kernels names, and names of groups
     * @param repeat how often each is run, the median counts; {@link #USUAL_REPEAT}: three times,
     *     what takes long once
     * @param limitSeconds how long a run may take
     */
    record Plan(
            List<String> engines,
            List<String> mmus,
            List<Integer> bits,
            List<String> kernels,
            int repeat,
            int limitSeconds) {
        public static final int USUAL_REPEAT = 0, LIMIT_SECONDS = 60;

        public Plan {
            engines = List.copyOf(engines);
            mmus = List.copyOf(mmus);
            bits = List.copyOf(bits);
            kernels = List.copyOf(kernels);
        }
    }

    /**
     * @param done runs before this one
     * @param of how many there will be at most
     */
    record Step(int done, int of, String what) {}

    /** What was measured. */
    interface Report {
        /** A bar chart for a terminal. */
        String text(Look look);

        /** The same chart as an image. */
        String svg();

        /** Every figure. docs/benchmarks.md explains the members. */
        String json();

        /** Whether every result was right; one that is wrong is in no chart. */
        boolean right();
    }

    /**
     * @param columns the terminal's width
     * @param blocks whether it shows Unicode's block elements
     * @param colours whether it understands ECMA-48 SGR
     */
    record Look(int columns, boolean blocks, boolean colours) {}
}
