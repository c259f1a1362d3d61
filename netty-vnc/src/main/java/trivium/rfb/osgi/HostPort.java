package trivium.rfb.osgi;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import trivium.vm.VmException;

/**
 * A place to listen on, as VMs are configured: "HOST:PORT", "[::1]:5900", ":5901" or "5901".
 *
 * @param host empty means the configured one
 * @param port 0 means the first free one
 */
record HostPort(String host, int port) {
    private static final Pattern SYNTAX =
            Pattern.compile("(?:(?:\\[([^\\]]+)\\]|([^:\\[\\]]*)):)?(\\d{1,5})");

    static HostPort parse(String text) throws VmException {
        Matcher matcher = SYNTAX.matcher(text.strip());
        if (!matcher.matches() || Integer.parseInt(matcher.group(3)) > 65535) {
            throw new VmException(
                    "'%s' is no place for VNC; use HOST:PORT, where port 0 is the first free one"
                            .formatted(text));
        }
        String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
        return new HostPort(host == null ? "" : host, Integer.parseInt(matcher.group(3)));
    }
}
