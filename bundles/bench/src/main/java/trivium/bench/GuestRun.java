package trivium.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import trivium.cpu.CpuModel;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.vm.VmRegistry;
import trivium.vm.VmRegistry.TemporaryVm;

/** Runs one kernel in a VM of its own. */
final class GuestRun {
    private final VmRegistry vms;
    private final int limitSeconds;

    GuestRun(VmRegistry vms, int limitSeconds) {
        this.vms = vms;
        this.limitSeconds = limitSeconds;
    }

    /**
     * @param image the guest's file
     * @throws VmException if the VM cannot be made, or ends or waits without a result
     */
    Reading run(Path image, int bits, Kernel kernel, Way way)
            throws VmException, InterruptedException {
        var clock = new SerialClock(kernel.name());
        try (TemporaryVm temporary = vms.temporary(config(image, bits, kernel, way), clock)) {
            var ended = temporary.vm().outcome();
            temporary.vm().start();
            var first = CompletableFuture.anyOf(clock.reading(), ended);
            first.get(limitSeconds, TimeUnit.SECONDS);
            if (!clock.reading().isDone()) {
                throw new VmException("the VM ended without a result: " + ended.get());
            }
            return clock.reading().get();
        } catch (TimeoutException e) {
            throw new VmException("no result within %d s".formatted(limitSeconds), e);
        } catch (ExecutionException e) {
            throw new VmException(e.getCause().getMessage(), e);
        }
    }

    /** Compute kernels run in ring 3, as programs of the host do. */
    private static VmConfig config(Path image, int bits, Kernel kernel, Way way) {
        String line = kernel.system() ? kernel.name() : "user " + kernel.name();
        var boot =
                new VmConfig.Boot(
                        Optional.empty(),
                        Optional.of(image),
                        Optional.empty(),
                        line,
                        List.of(),
                        "");
        return new VmConfig(
                "bench-%s-%d".formatted(kernel.name(), bits),
                way.engine(),
                way.mmu(),
                CpuModel.X86_64,
                1,
                GuestImage.memoryMiB(),
                List.of(),
                boot,
                "console",
                true,
                Map.of(),
                Optional.empty(),
                false,
                false);
    }
}
