package trivium.bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import trivium.vm.VmException;

/**
 * A piece of work of the bench guests (bench/guests/README.md).
 *
 * @param checksum what it computes on a correct CPU
 */
record Kernel(String name, int checksum) {
    /** Need a kernel's rights: no program of the host can do these. */
    private static final Set<String> SYSTEM = Set.of("paging", "trap", "pio", "timer", "tick");

    /** Wait for the guest's clock: what counts is the time on the clock, not the CPU's. */
    private static final Set<String> WAITING = Set.of("timer", "tick");

    /** Of each kind one that also the interpreter does in about a second. */
    private static final List<String> USUAL = List.of("mem", "chase", "x87", "sse2", "trap", "pio");

    static final String COMPUTE_GROUP = "compute", SYSTEM_GROUP = "system", ALL_GROUP = "all";

    static final List<Kernel> ALL = read();

    private static List<Kernel> read() {
        String text = new String(Resources.bytes("expected.txt"), StandardCharsets.US_ASCII);
        return text.lines()
                .map(line -> line.split(" "))
                .map(words -> new Kernel(words[0], Integer.parseUnsignedInt(words[1], 16)))
                .toList();
    }

    boolean system() {
        return SYSTEM.contains(name);
    }

    boolean waits() {
        return WAITING.contains(name);
    }

    static List<String> words() {
        return Stream.concat(
                        ALL.stream().map(Kernel::name),
                        Stream.of(COMPUTE_GROUP, SYSTEM_GROUP, ALL_GROUP))
                .toList();
    }

    /**
     * @param words names and groups; empty: the usual ones
     * @throws VmException naming the first word that is neither
     */
    static List<Kernel> of(List<String> words) throws VmException {
        Set<Kernel> chosen = new LinkedHashSet<>();
        for (String word : words.isEmpty() ? USUAL : words) {
            List<Kernel> meant = ALL.stream().filter(k -> k.isMeantBy(word)).toList();
            if (meant.isEmpty()) {
                throw new VmException(
                        "no kernel '%s'; there are %s".formatted(word, String.join(", ", words())));
            }
            chosen.addAll(meant);
        }
        return new ArrayList<>(chosen);
    }

    private boolean isMeantBy(String word) {
        return switch (word) {
            case ALL_GROUP -> true;
            case COMPUTE_GROUP -> !system();
            case SYSTEM_GROUP -> system();
            default -> word.equals(name);
        };
    }
}
