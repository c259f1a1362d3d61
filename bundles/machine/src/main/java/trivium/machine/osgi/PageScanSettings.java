package trivium.machine.osgi;

import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import trivium.machine.sharing.PageSharing;

/** What etc/trivium.memory.cfg says counts at once. */
@Component(
        configurationPid = "trivium.memory",
        service = {},
        immediate = true)
@Designate(ocd = PageScanSettings.Config.class)
public final class PageScanSettings {
    /** etc/trivium.memory.cfg. */
    @ObjectClassDefinition(
            name = "Trivium memory",
            description = "How the memory of VMs is looked after.")
    public @interface Config {
        @AttributeDefinition(
                min = "0",
                max = "1000000",
                description =
                        "Pages that are looked at in a second, to find equal ones in VMs of the same"
                                + " page-sharing-group. 0: none.")
        int pagesPerSecond() default PageSharing.USUAL_PAGES_PER_SECOND;
    }

    private final PageScan scan;

    @Activate
    public PageScanSettings(@Reference PageScan scan, Config config) {
        this.scan = scan;
        modified(config);
    }

    @Modified
    void modified(Config config) {
        scan.setRate(Math.clamp(config.pagesPerSecond(), 0, 1_000_000));
    }
}
