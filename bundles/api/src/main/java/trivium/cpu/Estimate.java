package trivium.cpu;

import java.util.Map;
import java.util.Optional;

/**
 * What an engine expects of itself on a host, measured or known.
 *
 * @param speeds by kind of guest code, as shares of the host CPU's own speed; empty: "auto" does
 *     not consider the engine
 * @param caveat what guests would see of it that they should not, as half a sentence; "auto" then
 *     leaves the choice to people
 */
public record Estimate(Map<CodeKind, Double> speeds, Optional<String> caveat) {
    public static final Estimate NONE = new Estimate(Map.of(), Optional.empty());

    public Estimate {
        speeds = Map.copyOf(speeds);
    }
}
