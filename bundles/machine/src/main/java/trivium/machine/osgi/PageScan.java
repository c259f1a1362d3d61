package trivium.machine.osgi;

/** Looks for equal pages in the memory of VMs of one group. */
interface PageScan {
    /**
     * @param pagesPerSecond 0: looks for none
     */
    void setRate(int pagesPerSecond);
}
