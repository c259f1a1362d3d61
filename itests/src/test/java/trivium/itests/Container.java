package trivium.itests;

import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.vmOptions;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.configureConsole;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.editConfigurationFilePut;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.karafDistributionConfiguration;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.keepRuntimeFolder;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.logLevel;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.replaceConfigurationFile;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.OptionUtils;
import org.ops4j.pax.exam.karaf.options.LogLevelOption.LogLevel;

/** The assembled distribution in a container of its own. */
final class Container {
    private Container() {}

    /**
     * @param ssh a port that no other test has
     * @param vnc likewise, the first of some
     */
    static Option[] options(int ssh, int vnc, Option... more) {
        List<String> flags = new ArrayList<>();
        flags.addAll(List.of(System.getProperty("appliance.flags").split(" ")));
        flags.add("-Djava.awt.headless=true");
        Option[] options = {
            karafDistributionConfiguration()
                    .frameworkUrl(new File(System.getProperty("appliance.tar")).toURI().toString())
                    .karafVersion("4.4.10")
                    .name("Trivium")
                    .unpackDirectory(new File("target/exam"))
                    .useDeployFolder(false),
            configureConsole().ignoreLocalConsole(),
            keepRuntimeFolder(),
            logLevel(LogLevel.INFO),
            vmOptions(flags.toArray(String[]::new)),
            replaceConfigurationFile(
                    "etc/users.properties", new File("src/test/resources/users.properties")),
            editConfigurationFilePut("etc/org.apache.karaf.shell.cfg", "sshPort", "" + ssh),
            editConfigurationFilePut("etc/trivium.vnc.cfg", "port", "" + vnc),
            junitBundles(),
        };
        return OptionUtils.combine(options, more);
    }
}
