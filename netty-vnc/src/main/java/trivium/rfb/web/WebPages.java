package trivium.rfb.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;

/** The files of the viewer page; they are in this bundle and there are no others. */
final class WebPages {
    private static final Map<String, Page> PAGES =
            Map.of(
                    "/", load("index.html", "text/html"),
                    "/viewer.js", load("viewer.js", "text/javascript"),
                    "/rfb.js", load("rfb.js", "text/javascript"),
                    "/scancodes.js", load("scancodes.js", "text/javascript"));

    private WebPages() {}

    record Page(String type, byte[] content) {}

    static Optional<Page> find(String path) {
        return Optional.ofNullable(PAGES.get(path));
    }

    private static Page load(String name, String type) {
        try (InputStream in = WebPages.class.getResourceAsStream(name)) {
            return new Page(type, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
