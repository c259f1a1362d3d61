package trivium.machine.life;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.SerialBackend;
import trivium.machine.serial.SerialPort;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/**
 * Where COM1 of a VM that is on goes besides its console: nowhere, standard output, or a file.
 *
 * @param backend empty if COM1 is connected to nothing
 * @param file closed with this; null if there is none
 */
record SerialOutput(Optional<SerialBackend> backend, SerialPort port, OutputStream file)
        implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SerialOutput.class);
    private static final String FILE = "file:";

    static SerialOutput open(VmConfig config, SerialPort port) throws VmException {
        String where = config.serial();
        if (where.startsWith(FILE)) {
            OutputStream file = file(Path.of(where.substring(FILE.length())));
            port.copyTo(file);
            return new SerialOutput(Optional.of(port), port, file);
        }
        return switch (where) {
            case "none" -> new SerialOutput(Optional.empty(), port, null);
            case "console" -> new SerialOutput(Optional.of(port), port, null);
            case "stdio" -> {
                port.copyTo(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
                yield new SerialOutput(Optional.of(port), port, null);
            }
            default ->
                    throw new VmException(
                            "serial=%s is none of stdio, console, file:PATH, none"
                                    .formatted(where));
        };
    }

    private static OutputStream file(Path file) throws VmException {
        try {
            return new BufferedOutputStream(Files.newOutputStream(file));
        } catch (IOException e) {
            throw new VmException("serial file %s cannot be written".formatted(file), e);
        }
    }

    @Override
    public void close() {
        port.copyTo(null);
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.warn("the end of the serial output is lost", e);
            }
        }
    }
}
