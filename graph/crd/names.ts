// What the API server calls the kind: whoever reads, watches or serves SeldonDeployments takes the names from here.

export const GROUP = 'machinelearning.seldon.io';
export const KIND = 'SeldonDeployment';
export const PLURAL = 'seldondeployments';
export const STORED_VERSION = 'v1';
export const VERSIONS = ['v1', 'v1alpha2', 'v1alpha3'] as const;

/** As it is stored, and so as it is watched. */
export const STORED_KIND = { apiVersion: `${GROUP}/${STORED_VERSION}`, kind: KIND } as const;
