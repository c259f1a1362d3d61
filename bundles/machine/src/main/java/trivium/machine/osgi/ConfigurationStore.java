package trivium.machine.osgi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Dictionary;
import java.util.Optional;
import java.util.TreeSet;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import trivium.machine.config.ConfigCodec;
import trivium.machine.life.VmStore;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/**
 * VMs as factory configurations {@code trivium.vm~NAME}, each with its file {@code
 * etc/trivium.vm-NAME.cfg} where there is such a folder: Felix File Install knows the two belong
 * together by the property felix.fileinstall.filename, and takes edits of the file over.
 */
final class ConfigurationStore implements VmStore {
    static final String FACTORY_PID = "trivium.vm";
    private static final String FILE_NAME = "felix.fileinstall.filename";

    private final ConfigurationAdmin configurations;
    private final Optional<Path> folder;

    /**
     * @param folder where configuration files are; empty: there are none
     */
    ConfigurationStore(ConfigurationAdmin configurations, Optional<Path> folder) {
        this.configurations = configurations;
        this.folder = folder;
    }

    private Optional<Path> file(String name) {
        return folder.map(f -> f.resolve("%s-%s.cfg".formatted(FACTORY_PID, name)));
    }

    @Override
    public void save(VmConfig config) throws VmException {
        String name = config.name();
        Dictionary<String, Object> properties = ConfigCodec.encode(config);
        try {
            if (file(name).isPresent()) {
                Path file = file(name).get();
                Files.writeString(file, text(name, properties));
                properties.put(FILE_NAME, file.toFile().getAbsoluteFile().toURI().toString());
            }
            configurations.getFactoryConfiguration(FACTORY_PID, name, "?").update(properties);
        } catch (IOException e) {
            throw new VmException("vm %s: its configuration cannot be kept".formatted(name), e);
        }
    }

    /** As File Install reads it: backslashes escape, and variables would be replaced. */
    private static String text(String name, Dictionary<String, Object> properties)
            throws VmException {
        StringBuilder text = new StringBuilder("# VM %s\n".formatted(name));
        for (String key : new TreeSet<>(Collections.list(properties.keys()))) {
            String value = String.valueOf(properties.get(key));
            if (value.contains("${") || value.chars().anyMatch(c -> c < ' ')) {
                throw new VmException(
                        "vm %s: %s=%s contains ${ or a control character"
                                .formatted(name, key, value));
            }
            text.append("%s = %s\n".formatted(key, value.replace("\\", "\\\\")));
        }
        return text.toString();
    }

    @Override
    public void delete(String name) throws VmException {
        try {
            if (file(name).isPresent()) {
                Files.deleteIfExists(file(name).get());
            }
            Configuration[] all =
                    configurations.listConfigurations(
                            "(service.factoryPid=%s)".formatted(FACTORY_PID));
            for (Configuration c : all == null ? new Configuration[0] : all) {
                if (VmRegistryComponent.name(c.getPid(), c.getProperties()).equals(name)) {
                    c.delete();
                }
            }
        } catch (IOException e) {
            throw new VmException("vm %s: its configuration stays".formatted(name), e);
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A file's name without folder and extension. */
    static String stem(String fileName) {
        String file = fileName.substring(fileName.lastIndexOf('/') + 1);
        return file.endsWith(".cfg") ? file.substring(0, file.length() - 4) : file;
    }

    /** The property that names the file of a configuration. */
    static Optional<String> fileName(Dictionary<String, ?> properties) {
        return Optional.ofNullable(properties.get(FILE_NAME)).map(String::valueOf);
    }
}
