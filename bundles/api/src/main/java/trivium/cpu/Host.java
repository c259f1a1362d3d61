package trivium.cpu;

/**
 * What an engine may need to know of the host before it offers itself.
 *
 * @param architecture as {@code os.arch} has it, "amd64" for x86-64
 * @param operatingSystem as {@code os.name} has it
 * @param executableMemory whether the process may map executable pages
 */
public record Host(String architecture, String operatingSystem, boolean executableMemory) {}
