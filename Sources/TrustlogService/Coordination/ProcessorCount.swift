import Glibc

enum ProcessorCount {
    /// Processors that the system has online.
    static var online: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
