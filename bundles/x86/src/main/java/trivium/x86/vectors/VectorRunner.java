package trivium.x86.vectors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuRunner;
import trivium.mmu.MmuStrategy;

/**
 * Runs files of instruction vectors on one engine. It streams: a file of any size needs the memory
 * of one vector. The CPU model follows from the file. Bound to one thread.
 */
public final class VectorRunner implements AutoCloseable {
    private final ExecutionEngine engine;
    private final MmuStrategy mmu;
    private final int failuresInFull;
    private final Map<CpuModel, MooRunner> mooRunners = new EnumMap<>(CpuModel.class);

    private final Differences differences = new Differences();
    private final List<String> failures = new ArrayList<>();
    private long passed, failed;

    /** Of engines that translate: instructions done in host code, of those retired. */
    private long nativeInstructions, instructions;

    /**
     * @param failuresInFull how many failures of each file are described
     */
    public VectorRunner(ExecutionEngine engine, MmuStrategy mmu, int failuresInFull) {
        this.engine = engine;
        this.mmu = mmu;
        this.failuresInFull = failuresInFull;
    }

    /** Never throws for what is in the file: the result tells. */
    public FileResult run(Path path) {
        passed = 0;
        failed = 0;
        failures.clear();
        String kind = "";
        String error = null;
        long start = System.nanoTime();
        try (VectorFile file = open(path)) {
            kind = file.kind();
            switch (file) {
                case X86Vec1File x -> run(x);
                case MooFile m -> run(m, FlagsMetadata.besides(path).flagsMask(path));
            }
        } catch (VectorFormatException e) {
            error = e.getMessage();
        } catch (IOException e) {
            error = "cannot be read: " + e;
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        return new FileResult(path, kind, passed, failed, seconds, failures, error);
    }

    private static VectorFile open(Path path) throws IOException {
        VectorInput in = VectorInput.open(path);
        try {
            ByteBuffer magic = in.need(8, "the header");
            if (magic.getInt(0) == MooFile.MOO) {
                return new MooFile(in, magic.getInt(4));
            }
            String text = StandardCharsets.ISO_8859_1.decode(magic).toString();
            if (text.equals(X86Vec1File.MAGIC)) {
                return new X86Vec1File(in);
            }
            throw new VectorFormatException("neither an X86VEC1 nor a MOO file");
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    private void run(X86Vec1File file) throws IOException {
        try (X86Vec1Runner runner = new X86Vec1Runner(engine, mmu, file)) {
            while (file.next()) {
                runner.run(differences);
                count(file);
            }
            count(runner.engineRunner());
        }
    }

    private void run(MooFile file, int flagsMask) throws IOException {
        MooRunner runner =
                mooRunners.computeIfAbsent(
                        file.model(), model -> new MooRunner(engine, mmu, model));
        while (file.next()) {
            runner.run(file.test, flagsMask, differences);
            count(file);
        }
    }

    private void count(VectorFile file) {
        if (differences.isEmpty()) {
            passed++;
            return;
        }
        failed++;
        if (failures.size() < failuresInFull) {
            failures.add(file.title() + differences);
        }
        differences.clear();
    }

    private void count(VcpuRunner runner) {
        instructions += runner.instructions();
        nativeInstructions += runner.counters().getOrDefault("instructions-native", 0L);
    }

    /** Instructions retired in host code; all counts are known after {@link #close}. */
    public long nativeInstructions() {
        return nativeInstructions;
    }

    public long instructions() {
        return instructions;
    }

    @Override
    public void close() {
        mooRunners.values().forEach(m -> count(m.engineRunner()));
        mooRunners.values().forEach(MooRunner::close);
        mooRunners.clear();
    }
}
