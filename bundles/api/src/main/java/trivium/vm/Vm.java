package trivium.vm;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;

/** A virtual machine. Thread-safe. */
@ProviderType
public interface Vm {
    /** The name it was created with: its id. */
    String id();

    VmConfig config();

    VmState state();

    /** Powers on. @throws VmException if it is not off, or cannot be built as configured */
    void start() throws VmException;

    /** Presses the ACPI power button; returns at once. */
    void shutdown() throws VmException;

    /** Cuts the power; returns when it is off. */
    void stop() throws VmException;

    void pause() throws VmException;

    void resume() throws VmException;

    /** Hard reset. */
    void reset() throws VmException;

    /**
     * Moves every vCPU to another engine at an instruction boundary and keeps to it, until the
     * power goes off; "auto" lets policy choose.
     *
     * @throws VmException if it is not on, or the engine cannot take over: the old one then goes on
     */
    void useEngine(String engine) throws VmException;

    /** The same with an MMU strategy. */
    void useMmu(String strategy) throws VmException;

    /**
     * Asks the guest to leave so much of its memory to the host that it keeps {@code memoryMiB}; it
     * follows as its balloon driver can.
     *
     * @throws VmException if it is off, has no balloon, or never had so much
     */
    void balloon(int memoryMiB) throws VmException;

    /** The engine in use now, or the one that would be. */
    String engine();

    String mmu();

    /** How it came to its engine and strategy. */
    Mode mode();

    /** What it does, and which engine and strategy would be best for that. */
    Advice advice();

    /** Why it crashed, if it did. */
    Optional<String> failure();

    /** Completes when the VM next reaches OFF or CRASHED. */
    CompletableFuture<Outcome> outcome();

    /**
     * What is in each drive by slot: the image now, or, while the VM is off, the configured one.
     * Empty: a drive without a medium.
     */
    Map<String, Optional<Path>> media();

    /**
     * Puts another medium into a CD or floppy drive of a VM that is on, whatever the guest thinks
     * of it, until the power goes off: the configuration stays.
     *
     * @param slot as in the configuration
     * @param image empty: takes the medium out
     * @throws VmException if there is no such drive, or the image cannot be used; the medium then
     *     stays the same
     */
    void changeMedium(String slot, Optional<Path> image) throws VmException;

    /** Present while it is on. */
    Optional<Screen> screen();

    Optional<KeyboardSink> keyboard();

    Optional<PointerSink> pointer();

    /** The serial console: what the guest wrote last, at most 64 KiB. */
    SerialConsole console();

    /** Milliseconds of virtual time since power-on. */
    long uptimeMillis();

    Statistics statistics();

    /** Registers of a vCPU as text; pauses it for the moment. */
    String registers(int vcpu) throws VmException;

    /**
     * The code at an address, with the host code if the engine has translated it: the whole
     * translation then, else up to the next branch. Pauses the vCPU for the moment.
     *
     * @param rip offset in the code segment; empty: where the vCPU is
     * @param most instructions at most where nothing is translated
     */
    CodeListing disassemble(int vcpu, OptionalLong rip, int most) throws VmException;

    /**
     * @param instructions guest instructions retired by all vCPUs
     * @param cpuNanos host CPU time of the vCPU threads
     * @param counters exits by cause and the engine's own
     */
    record Statistics(
            long instructions, long cpuNanos, long wallNanos, Map<String, Long> counters) {}

    /**
     * @param wantedEngine an engine's name if somebody pinned it, or "auto"
     * @param wantedMmu the same of the strategy
     * @param why what led to the present engine and strategy, as a sentence
     * @param waitsFor why it is paused until a bundle comes back; empty if it is not
     */
    record Mode(
            String wantedEngine,
            String wantedMmu,
            String why,
            Optional<String> waitsFor,
            Swaps swaps) {}

    /**
     * @param engine the best for what the guest did lately; the present one if nothing is known
     * @param shares of the time: "idle", and kinds of code by name; empty if nothing is known
     * @param rates events a second, by name: exits by cause, TLB misses
     * @param reasons sentences, in an order that makes sense
     */
    record Advice(
            String engine,
            String mmu,
            Map<String, Double> shares,
            Map<String, Double> rates,
            java.util.List<String> reasons) {}

    /**
     * Changes of engine or strategy since power-on, and how long a vCPU stood still for one.
     *
     * @param medianNanos of the last 1,000
     */
    record Swaps(long count, long lastNanos, long medianNanos, long longestNanos) {
        public static final Swaps NONE = new Swaps(0, 0, 0, 0);
    }

    /** How a run ended. */
    sealed interface Outcome {
        record PoweredOff(String by) implements Outcome {}

        record DebugExit(int value) implements Outcome {}

        record TripleFault(String state) implements Outcome {}

        record Crashed(String reason) implements Outcome {}
    }

    /** The serial console of COM1 as people see it. */
    interface SerialConsole {
        /** The tail of what the guest wrote. */
        byte[] recent();

        /** Bytes from the guest from now on. @return closes the subscription */
        AutoCloseable listen(Consumer<byte[]> listener);

        /** Types to the guest; queues as much as it can take (64 KiB). */
        void send(byte[] bytes);
    }
}
