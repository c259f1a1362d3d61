package trivium.machine.life;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.bus.BusDevice;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/**
 * What a VM's configuration asks of ports beside real hardware: the exit port F4, which ends the
 * VM, and ports whose bytes go to files, in hex, one a line.
 */
final class DebugPorts implements Device {
    private static final Logger LOG = LoggerFactory.getLogger(DebugPorts.class);
    private static final int EXIT_PORT = 0xf4, EXIT_PORTS = 4;

    /** Nothing a guest could observe. */
    record State() {}

    private final List<LogPort> logs = new ArrayList<>();

    /** Made for one VM; not offered to others. */
    record Factory(VmConfig config) implements DeviceFactory {
        @Override
        public String model() {
            return "debug-ports";
        }

        @Override
        public String description() {
            return "exit port F4 and ports logged to files";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            DebugPorts device = new DebugPorts();
            if (config.debugExit()) {
                platform.claimPorts("exit", EXIT_PORT, EXIT_PORTS, device, new ExitPort(platform));
            }
            for (Map.Entry<Integer, Path> log : config.logPorts().entrySet()) {
                LogPort port = LogPort.open(log.getKey(), log.getValue());
                device.logs.add(port);
                platform.claimPorts("log", log.getKey(), 1, device, port);
            }
            return device;
        }
    }

    private record ExitPort(Platform platform) implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return 0;
        }

        @Override
        public void write(long offset, int size, long value) {
            platform.power().debugExit((int) value);
        }
    }

    private static final class LogPort implements BusDevice {
        private final Path file;
        private BufferedWriter writer;

        private LogPort(Path file, BufferedWriter writer) {
            this.file = file;
            this.writer = writer;
        }

        static LogPort open(int port, Path file) throws VmException {
            try {
                return new LogPort(file, Files.newBufferedWriter(file));
            } catch (IOException e) {
                throw new VmException(
                        "log of port %#x: file %s cannot be written".formatted(port, file), e);
            }
        }

        @Override
        public long read(long offset, int size) {
            return 0xff;
        }

        @Override
        public void write(long offset, int size, long value) {
            if (writer == null) {
                return;
            }
            try {
                writer.write("%02x%n".formatted(value & 0xff));
            } catch (IOException e) {
                LOG.warn("{}: nothing more is logged", file, e);
                writer = null;
            }
        }

        void close() {
            if (writer != null) {
                try (BufferedWriter closing = writer) {
                    closing.flush();
                } catch (IOException e) {
                    LOG.warn("{}: the end of the log is lost", file, e);
                }
            }
        }
    }

    @Override
    public void reset() {}

    @Override
    public Record save() {
        return new State();
    }

    @Override
    public void restore(Record state) {
        if (!(state instanceof State)) {
            throw new IllegalArgumentException("not a state of debug-ports");
        }
    }

    @Override
    public void close() {
        logs.forEach(LogPort::close);
    }
}
