package trivium.cpu;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The CPU a guest sees: a property of the VM, not of the engine, so it does not change under a
 * running guest. Later models include what earlier ones have.
 */
public enum CpuModel {
    I8086("8086"),
    I80286("80286"),
    I386("i386"),
    PENTIUM3("pentium3"),
    X86_64("x86-64");

    private final String id;

    CpuModel(String id) {
        this.id = id;
    }

    /** The name used in configuration and commands. */
    public String id() {
        return id;
    }

    public boolean atLeast(CpuModel other) {
        return compareTo(other) >= 0;
    }

    /**
     * @throws IllegalArgumentException with one sentence naming the valid models
     */
    public static CpuModel of(String id) {
        for (CpuModel model : values()) {
            if (model.id.equals(id)) {
                return model;
            }
        }
        throw new IllegalArgumentException(
                "no CPU model '%s'; there are %s"
                        .formatted(
                                id,
                                Arrays.stream(values())
                                        .map(CpuModel::id)
                                        .collect(Collectors.joining(", "))));
    }

    @Override
    public String toString() {
        return id;
    }
}
