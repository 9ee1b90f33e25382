import Glibc

/// A thread inherits the signal mask of its maker: one that is made here takes no signal away from those who wait for it.
enum SignalMask {
    static func whileAllBlocked<Result>(_ body: () -> Result) -> Result {
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        return body()
    }
}
