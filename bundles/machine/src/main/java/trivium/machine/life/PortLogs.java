package trivium.machine.life;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.machine.board.PortBus;
import trivium.vm.VmException;

/** Files that get each byte written to certain ports, in hex, one a line. */
final class PortLogs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PortLogs.class);

    private final List<Log> logs = new ArrayList<>();

    /**
     * @throws VmException naming the first file that cannot be written; none is open then
     */
    static PortLogs open(Map<Integer, Path> ports, PortBus bus) throws VmException {
        PortLogs all = new PortLogs();
        for (Map.Entry<Integer, Path> entry : ports.entrySet()) {
            try {
                Log log = new Log(entry.getValue());
                all.logs.add(log);
                bus.tap(entry.getKey(), log::write);
            } catch (IOException e) {
                all.close();
                throw new VmException(
                        "log of port %#x: file %s cannot be written"
                                .formatted(entry.getKey(), entry.getValue()),
                        e);
            }
        }
        return all;
    }

    private static final class Log {
        private final Path file;
        private Writer writer;

        Log(Path file) throws IOException {
            this.file = file;
            writer = Files.newBufferedWriter(file);
        }

        /** Any vCPU's thread. */
        synchronized void write(int octet) {
            if (writer == null) {
                return;
            }
            try {
                writer.write("%02x\n".formatted(octet));
            } catch (IOException e) {
                LOG.warn("{}: nothing more is logged", file, e);
                writer = null;
            }
        }

        synchronized void close() {
            if (writer != null) {
                try {
                    writer.close();
                } catch (IOException e) {
                    LOG.warn("{}: the end of the log is lost", file, e);
                }
                writer = null;
            }
        }
    }

    @Override
    public void close() {
        logs.forEach(Log::close);
    }
}
