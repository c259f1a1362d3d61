package trivium.x86.vectors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The list of opcodes that comes with a set of MOO files, {@code metadata.json}: which flags are
 * defined after each instruction.
 */
final class FlagsMetadata {
    static final int ALL_DEFINED = -1;

    /** {@code 80.4.MOO.gz}: opcode and, in groups, the reg field. */
    private static final Pattern FILE_NAME =
            Pattern.compile(
                    "(?i)(?:6[67])*?(?<opcode>(?:0F)?[0-9A-F]{2})(?:\\.(?<reg>[0-7]))?\\.MOO.*");

    private static final FlagsMetadata NONE = new FlagsMetadata(Map.of());

    private final Map<?, ?> opcodes;

    private FlagsMetadata(Map<?, ?> opcodes) {
        this.opcodes = opcodes;
    }

    /**
     * Looks beside a vector file, and one folder up.
     *
     * @throws IOException if there is one that cannot be read
     */
    static FlagsMetadata besides(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        for (int up = 0; up < 2 && folder != null; up++, folder = folder.getParent()) {
            Path metadata = folder.resolve("metadata.json");
            if (Files.isRegularFile(metadata)) {
                return read(metadata);
            }
        }
        return NONE;
    }

    private static FlagsMetadata read(Path metadata) throws IOException {
        try {
            Object json = Json.parse(Files.readString(metadata));
            return json instanceof Map<?, ?> root
                            && root.get("opcodes") instanceof Map<?, ?> opcodes
                    ? new FlagsMetadata(opcodes)
                    : NONE;
        } catch (IllegalArgumentException e) {
            throw new VectorFormatException("%s: %s".formatted(metadata, e.getMessage()), e);
        }
    }

    /** The defined flags for the instructions in a file of that name. */
    int flagsMask(Path file) {
        Matcher name = FILE_NAME.matcher(file.getFileName().toString());
        if (!name.matches()) {
            return ALL_DEFINED;
        }
        Object entry = opcodes.get(name.group("opcode").toUpperCase(java.util.Locale.ROOT));
        String reg = name.group("reg");
        if (reg != null
                && entry instanceof Map<?, ?> group
                && group.get("reg") instanceof Map<?, ?> regs) {
            entry = regs.get(reg);
        }
        return entry instanceof Map<?, ?> found && found.get("flags-mask") instanceof Double mask
                ? mask.intValue()
                : ALL_DEFINED;
    }
}
