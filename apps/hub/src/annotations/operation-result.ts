import type { HubError, ScmOperationResult } from '@inthub/contracts';

type Posted = NonNullable<ScmOperationResult['result']>;

export function posted({ id, url, updated, via, annotations, isTruncated }: Posted): ScmOperationResult {
  return {
    success: true,
    result: { id, url, updated, via, annotations, isTruncated },
    errorCode: null,
    errorMessage: null,
    isTransient: false,
    skippedOffline: false,
    keptId: null,
  };
}

export function failed(
  error: HubError,
  { isOffline, keptId }: { isOffline: boolean; keptId: string | null },
): ScmOperationResult {
  return {
    success: false,
    result: null,
    errorCode: error.code,
    errorMessage: error.message,
    isTransient: error.retryable,
    skippedOffline: isOffline,
    keptId,
  };
}
