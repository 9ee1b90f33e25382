// BlockingExecutor
