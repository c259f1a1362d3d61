package trivium.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.vm.Benchmark.Step;
import trivium.vm.VmException;
import trivium.vm.VmRegistry;

/**
 * Measures: kernel after kernel, and each of them way by way, in as many rounds as wanted, so that
 * what else the host does in the meantime falls on all alike.
 */
final class BenchRun {
    private static final Logger LOG = LoggerFactory.getLogger(BenchRun.class);

    private final List<Way> ways;
    private final List<Kernel> kernels;
    private final Rounds rounds;
    private final int limitSeconds;
    private final GuestRun guests;
    private final Consumer<Step> progress;
    private final List<Cell> cells = new ArrayList<>();
    private int done, of;

    BenchRun(
            VmRegistry vms,
            List<Way> ways,
            List<Kernel> kernels,
            Rounds rounds,
            int limitSeconds,
            Consumer<Step> progress) {
        this.ways = ways;
        this.kernels = kernels;
        this.rounds = rounds;
        this.limitSeconds = limitSeconds;
        this.guests = new GuestRun(vms, limitSeconds);
        this.progress = progress;
    }

    List<Cell> run(List<Integer> bits) throws VmException, InterruptedException {
        Path folder = null;
        try {
            folder = Files.createTempDirectory("trivium-bench");
            of = runs() * bits.size();
            for (int width : bits) {
                run(GuestImage.of(width), folder);
            }
            return cells;
        } catch (IOException e) {
            throw new VmException("cannot write the guest's file: " + e.getMessage(), e);
        } finally {
            delete(folder);
        }
    }

    private int runs() {
        int natively = (int) kernels.stream().filter(k -> !k.system()).count();
        return rounds.most() * (natively + kernels.size() * ways.size());
    }

    private void run(GuestImage image, Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("bench%d.bin".formatted(image.bits));
        Files.write(file, image.bytes());
        for (Kernel kernel : kernels) {
            Stream<Way> natively = kernel.system() ? Stream.empty() : Stream.of(Way.NATIVE);
            List<Cell> row =
                    Stream.concat(natively, ways.stream())
                            .map(way -> new Cell(image.bits, kernel, way))
                            .toList();
            cells.addAll(row);
            for (int round = 0; round < rounds.most(); round++) {
                for (Cell cell : row) {
                    measure(cell, image, file);
                }
            }
        }
    }

    private void measure(Cell cell, GuestImage image, Path file) throws InterruptedException {
        progress.accept(
                new Step(
                        done++,
                        of,
                        "%s, %d-bit, %s"
                                .formatted(cell.kernel.name(), cell.bits, cell.way.label())));
        if (cell.problem().isPresent() || !cell.shorterThan(rounds.longSeconds())) {
            return;
        }
        try {
            cell.add(
                    cell.way == Way.NATIVE
                            ? NativeProgram.run(image, cell.kernel, file.getParent(), limitSeconds)
                            : guests.run(file, cell.bits, cell.kernel, cell.way));
        } catch (VmException e) {
            cell.fail(e.getMessage());
        }
    }

    private static void delete(Path folder) {
        if (folder == null) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            LOG.warn("{} stays behind", folder, e);
        }
    }
}
