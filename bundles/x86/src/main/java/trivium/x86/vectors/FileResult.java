package trivium.x86.vectors;

import java.nio.file.Path;
import java.util.List;

/**
 * What came of one file.
 *
 * @param kind format and processor; empty if the file could not be opened
 * @param failures the first failures in full
 * @param error why the file could not be read, or not to its end; null if it could
 */
public record FileResult(
        Path file,
        String kind,
        long passed,
        long failed,
        double seconds,
        List<String> failures,
        String error) {
    public FileResult {
        failures = List.copyOf(failures);
    }

    public boolean clean() {
        return failed == 0 && error == null;
    }

    String toJson() {
        StringBuilder json = new StringBuilder();
        json.append("{\"file\": ").append(Json.quote(file.toString()));
        json.append(", \"kind\": ").append(Json.quote(kind));
        json.append(", \"vectors\": ").append(passed + failed);
        json.append(", \"passed\": ").append(passed);
        json.append(", \"failed\": ").append(failed);
        json.append(", \"seconds\": ").append("%.3f".formatted(seconds).replace(',', '.'));
        json.append(", \"error\": ").append(error == null ? "null" : Json.quote(error));
        json.append(", \"failures\": [");
        for (int i = 0; i < failures.size(); i++) {
            json.append(i == 0 ? "" : ", ").append(Json.quote(failures.get(i)));
        }
        return json.append("]}").toString();
    }
}
