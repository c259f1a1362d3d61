package trivium.device;

import java.util.Map;
import java.util.Set;
import trivium.vm.VmException;

/**
 * The options of one device, from {@code --device NAME,key=value}.
 *
 * @param device who asks, for messages
 * @param values key to value
 */
public record DeviceOptions(String device, Map<String, String> values) {
    public DeviceOptions {
        values = Map.copyOf(values);
    }

    public String get(String key, String otherwise) {
        return values.getOrDefault(key, otherwise);
    }

    /**
     * A whole number, decimal or 0x-prefixed.
     *
     * @throws VmException if it is no number or outside the range
     */
    public long number(String key, long otherwise, long min, long max) throws VmException {
        String text = values.get(key);
        if (text == null) {
            return otherwise;
        }
        try {
            long value = Long.decode(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException _) {
            // told below, as for a number out of range
        }
        throw new VmException(
                "device %s: %s=%s is not a number from %d to %d"
                        .formatted(device, key, text, min, max));
    }

    /**
     * @throws VmException naming the first option that is not among {@code known}
     */
    public void allow(Set<String> known) throws VmException {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw new VmException(
                        "device %s has no option '%s'; it takes %s"
                                .formatted(device, key, known.isEmpty() ? "none" : known));
            }
        }
    }
}
