package trivium.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import trivium.vm.Vm.SerialConsole;

/**
 * Standard input as the guest's serial input. A terminal is switched to pass each key on unechoed,
 * but for those that make signals, and is restored at the end.
 */
final class Terminal implements AutoCloseable {
    private final Thread restore = new Thread(() -> stty("icanon", "echo", "icrnl"));
    private final boolean raw;

    private Terminal(boolean raw) {
        this.raw = raw;
    }

    /**
     * @param connected whether standard input goes to the guest at all
     */
    static Terminal open(boolean connected, SerialConsole console) {
        if (!connected) {
            return new Terminal(false);
        }
        boolean terminal = System.console() != null && System.console().isTerminal();
        var opened = new Terminal(terminal && stty("-icanon", "-echo", "-icrnl", "min", "1"));
        if (opened.raw) {
            Runtime.getRuntime().addShutdownHook(opened.restore);
        }
        Thread.ofPlatform().daemon().name("trivium-stdin").start(() -> pump(System.in, console));
        return opened;
    }

    private static void pump(InputStream in, SerialConsole console) {
        byte[] buffer = new byte[256];
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                console.send(Arrays.copyOf(buffer, n));
            }
        } catch (IOException e) {
            System.err.println("trivium boot: standard input failed: " + e.getMessage());
        }
    }

    private static boolean stty(String... settings) {
        List<String> command = new java.util.ArrayList<>(List.of("stty"));
        command.addAll(List.of(settings));
        try {
            return new ProcessBuilder(command)
                            .redirectInput(ProcessBuilder.Redirect.INHERIT)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // no stty: keys arrive line by line
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        if (raw) {
            Runtime.getRuntime().removeShutdownHook(restore);
            restore.run();
        }
    }
}
